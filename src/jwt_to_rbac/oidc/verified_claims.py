"""The claims that the verifier vouches for, and the checks that make them so.

The signature is checked by `verify`, the one entrance: no other code can make VerifiedClaims.
Fetching keys, and what the claims say about a person, have their own modules.
"""

from collections.abc import Collection, Mapping
from dataclasses import InitVar, dataclass
from types import MappingProxyType

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.oidc.compact_token import UnverifiedToken
from jwt_to_rbac.oidc.key_set import VerifyingKey
from jwt_to_rbac.oidc.shown import shown
from jwt_to_rbac.oidc.times import Times, read_times
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

_SEAL = object()


@dataclass(frozen=True, slots=True)
class VerifiedClaims:
    """The claims of a token whose signature, issuer, audience and times were right at one moment.

    `times` says until when. `claims` holds all of them, read-only at every level: objects are
    mappings, lists are tuples. `key` is the one whose signature it was.
    """

    issuer: str
    subject: str
    audiences: frozenset[str]
    times: Times
    claims: Mapping[str, object]
    key: VerifyingKey
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only verify() makes VerifiedClaims")


def verify(
    token: UnverifiedToken, issuer: TrustedIssuer, keys: Collection[VerifyingKey], now: float
) -> VerifiedClaims | Denial:
    """Check signature, then claims (OpenID Connect Core 3.1.3.7); `now` is in seconds since 1970.

    `keys` are this issuer's candidates for it, its algorithm one of those allowed. Codes:
    token_key_unknown, token_signature, token_issuer, token_audience, token_expired,
    token_not_yet_valid, token_claim.
    """
    if not keys:
        kid = "no kid" if token.kid is None else f"kid {shown(token.kid)}"
        return Denial(
            Code.TOKEN_KEY_UNKNOWN,
            f"{shown(issuer.url)} has no key for a {token.algorithm} token with {kid}; if it has "
            "just changed its keys, log in again in a few seconds",
        )
    key = _signer(token, keys)
    if key is None:
        return Denial(
            Code.TOKEN_SIGNATURE, f"the token's signature is not by a key of {shown(issuer.url)}"
        )
    claims = token.unverified_claims  # Verified from here on.
    if claims.get("iss") != issuer.url:
        return Denial(Code.TOKEN_ISSUER, f"the token's issuer is not {shown(issuer.url)}")
    audiences = _read_audiences(claims, issuer)
    if isinstance(audiences, Denial):
        return audiences
    times = read_times(claims, issuer.max_age)
    if isinstance(times, Denial):
        return times
    untimely = times.denial_at(now)
    if untimely is not None:
        return untimely
    subject = claims.get("sub")
    if not isinstance(subject, str):
        return Denial(Code.TOKEN_CLAIM, "the token's sub must be a string")
    if _is_logout_token(claims):
        return Denial(Code.TOKEN_CLAIM, "this is a logout token: send the ID token")
    return VerifiedClaims(
        issuer=issuer.url,
        subject=subject,
        audiences=audiences,
        times=times,
        claims=_read_only(claims),
        key=key,
        seal=_SEAL,
    )


def _signer(token: UnverifiedToken, keys: Collection[VerifyingKey]) -> VerifyingKey | None:
    for key in keys:
        if key.verifies(token.algorithm, token.signing_input, token.signature):
            return key
    return None


def _read_audiences(claims: Mapping[str, object], issuer: TrustedIssuer) -> frozenset[str] | Denial:
    """Every audience must be allowed; of several, `azp` says who asked (Core 2, 3.1.3.7 (3-5))."""
    audiences = claims.get("aud")
    listed = [audiences] if isinstance(audiences, str) else audiences
    if not isinstance(listed, list) or not listed:
        return Denial(Code.TOKEN_CLAIM, "the token's aud must be a string or a list of strings")
    seen = frozenset(each for each in listed if isinstance(each, str))
    if not all(isinstance(each, str) for each in listed):
        return Denial(Code.TOKEN_CLAIM, "the token's aud must be a string or a list of strings")
    allowed = f"allowed here: {_names(issuer.audiences)}"
    if not seen <= issuer.audiences:
        return Denial(Code.TOKEN_AUDIENCE, f"the token is for {_names(seen)}; {allowed}")
    party = claims.get("azp")
    if party is None and "azp" not in claims:
        if len(seen) > 1:
            return Denial(
                Code.TOKEN_AUDIENCE, "the token has several audiences and no azp: who asked for it?"
            )
    elif not isinstance(party, str):
        return Denial(Code.TOKEN_CLAIM, "the token's azp must be a string")
    elif party not in issuer.audiences:
        return Denial(Code.TOKEN_AUDIENCE, f"the token was issued to {shown(party)}; {allowed}")
    return seen


def _names(names: frozenset[str]) -> str:
    most = 5  # A token may list thousands.
    some = ", ".join(shown(name) for name in sorted(names)[:most])
    return some if len(names) <= most else f"{some} and {len(names) - most} more"


def _is_logout_token(claims: Mapping[str, object]) -> bool:
    # Its typ is optional, this member is not (OpenID Connect Back-Channel Logout 1.0 section 2.4).
    events = claims.get("events")
    return isinstance(events, dict) and LOGOUT_EVENT in events


def _read_only(claims: Mapping[str, object]) -> Mapping[str, object]:
    return MappingProxyType({name: _frozen(value) for name, value in claims.items()})


def _frozen(value: object) -> object:
    if isinstance(value, dict):
        return _read_only(value)
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    return value
