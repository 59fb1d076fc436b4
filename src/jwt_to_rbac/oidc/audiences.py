"""Whom a token is meant for: `aud` and `azp` (OpenID Connect Core 2 and 3.1.3.7, points 3 to 5)."""

from collections.abc import Mapping

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.oidc.shown import shown

_MOST_NAMED = 5
"""How many audiences a message names: a token may list thousands."""


def read_audiences(
    claims: Mapping[str, object], allowed: frozenset[str]
) -> frozenset[str] | Denial:
    """The token's audiences, if they and `azp` are all among those `allowed`.

    An audience that isn't allowed refuses the token even beside one that is: it was made to be
    shown to somebody else too, who could bring it here. Of several, `azp` must say who asked.
    Codes: token_audience; token_claim for wrong types.
    """
    named = claims.get("aud", [])
    audiences = [named] if isinstance(named, str) else named
    if not isinstance(audiences, list) or not all(isinstance(each, str) for each in audiences):
        return Denial(Code.TOKEN_CLAIM, "the token's aud must be a string or a list of strings")
    seen = frozenset(audiences)
    if not seen or not seen <= allowed:
        found = _names(seen) or "no audience"
        return _denial(f"the token is for {found}; allowed here: {_names(allowed)}")
    if "azp" not in claims:
        if len(seen) == 1:
            return seen
        return _denial(
            f"the token is for {_names(seen)}, and no azp says which of them asked for it"
        )
    party = claims["azp"]
    if not isinstance(party, str):
        return Denial(Code.TOKEN_CLAIM, "the token's azp must be a string")
    if party not in allowed:
        return _denial(
            f"the token was issued to {shown(party)} (azp); allowed here: {_names(allowed)}"
        )
    return seen


def _denial(detail: str) -> Denial:
    return Denial(Code.TOKEN_AUDIENCE, detail)


def _names(names: frozenset[str]) -> str:
    some = ", ".join(shown(name) for name in sorted(names)[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return some if more <= 0 else f"{some} and {more} more"
