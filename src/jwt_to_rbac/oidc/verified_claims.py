"""The claims that the verifier vouches for, and the checks that make them so.

The signature is checked by `verify`, the one entrance: no other code can make VerifiedClaims.
Fetching keys, and what the claims say about a person, have their own modules.
"""

from collections.abc import Collection, Mapping
from dataclasses import InitVar, dataclass
from types import MappingProxyType

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.oidc.audiences import read_audiences
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
        return _key_unknown(token, issuer)
    key = _signer(token, keys)
    if key is None:
        return Denial(
            Code.TOKEN_SIGNATURE, f"the token's signature is not by a key of {shown(issuer.url)}"
        )
    claims = token.unverified_claims  # Verified from here on.
    if claims.get("iss") != issuer.url:
        return Denial(Code.TOKEN_ISSUER, f"the token's issuer is not {shown(issuer.url)}")
    audiences = read_audiences(claims, issuer.audiences)
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


def _key_unknown(token: UnverifiedToken, issuer: TrustedIssuer) -> Denial:
    if token.kid is None:
        why = f"the token names no key, and {shown(issuer.url)} has not exactly one that fits"
    else:
        why = f"{shown(issuer.url)} has no {token.algorithm} key {shown(token.kid)}"
    return Denial(
        Code.TOKEN_KEY_UNKNOWN, f"{why}; if its keys have just changed, log in again in a minute"
    )


def _signer(token: UnverifiedToken, keys: Collection[VerifyingKey]) -> VerifyingKey | None:
    for key in keys:
        if key.verifies(token.algorithm, token.signing_input, token.signature):
            return key
    return None


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
