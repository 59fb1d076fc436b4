"""Reads the compact form of a signed token (RFC 7515 section 7.1) without believing any of it.

Keys, signatures and what the claims mean are not known here; nothing unverified leaves this
module under a name that doesn't say so.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.oidc.algorithms import KEY_SHAPE
from jwt_to_rbac.oidc.shown import shown
from jwt_to_rbac.oidc.strict_json import NotStrictJson, parse_object

MAX_TOKEN_LENGTH = 65_536
"""Characters. 1,015 groups, Active Directory's own limit, of 40 characters each fit."""

_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_ID_TOKEN_TYPES = frozenset({"jwt", "application/jwt"})


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """The parts of a well-formed token. `kid` is data: a name to look up, nothing else."""

    algorithm: str
    kid: str | None
    unverified_claims: Mapping[str, object]
    signing_input: bytes
    signature: bytes


def read_token(token: str) -> UnverifiedToken | Denial:
    """Take a token apart: token_missing, token_too_large, token_malformed or token_algorithm.

    Header parameters that carry or point to keys (`jku`, `jwk`, `x5u`, `x5c`) are ignored:
    an issuer's keys come from its own key set alone (RFC 8725 section 3.10).
    """
    if not token:
        return Denial(Code.TOKEN_MISSING, "no ID token was sent")
    if len(token) > MAX_TOKEN_LENGTH:
        return Denial(
            Code.TOKEN_TOO_LARGE, f"the token is longer than {MAX_TOKEN_LENGTH} characters"
        )
    parts = _SHAPE.fullmatch(token)
    if parts is None:
        return _malformed("it is not three base64url parts joined by dots")
    try:
        header = parse_object(_decode(parts[1]))
        refused = _refuse_header(header)
        if refused is not None:
            return refused
        claims = parse_object(_decode(parts[2]))
        signature = _decode(parts[3])
    except NotStrictJson as error:
        return _malformed(f"its header or payload can't be read: {error}")
    if not signature:
        return _malformed("it has no signature")
    kid = header.get("kid")
    return UnverifiedToken(
        algorithm=str(header["alg"]),
        kid=None if kid is None else str(kid),
        unverified_claims=claims,
        signing_input=token[: parts.end(2)].encode("ascii"),
        signature=signature,
    )


def unverified_issuer(token: str) -> str | None:
    """The `iss` that a token states, or None where it states none that can be read."""
    if len(token) > MAX_TOKEN_LENGTH or (parts := _SHAPE.fullmatch(token)) is None:
        return None
    try:
        issuer = parse_object(_decode(parts[2])).get("iss")
    except NotStrictJson:
        return None
    return issuer if isinstance(issuer, str) else None


def _refuse_header(header: Mapping[str, object]) -> Denial | None:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str):
        return _malformed("its header names no algorithm")
    if algorithm not in KEY_SHAPE:
        return Denial(
            Code.TOKEN_ALGORITHM, f"tokens signed with {shown(algorithm)} are never taken"
        )
    if "crit" in header or "b64" in header:
        # No extension is understood here, so every critical one is refused (RFC 7515 section
        # 4.1.11); `b64` has no place in a JWT (RFC 7797 section 7).
        return _malformed("its header asks for an extension that isn't supported (crit, b64)")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _ID_TOKEN_TYPES:
        # RFC 8725 section 3.11: access (at+jwt) and logout (logout+jwt) tokens say what they are.
        what = shown(kind) if isinstance(kind, str) else "not a string"
        return _malformed(f"its type is {what}: send the ID token, whose type is JWT or absent")
    if not isinstance(header.get("kid", ""), str):
        return _malformed("its kid is not a string")
    return None


def _decode(part: str) -> bytes:
    """Strict base64url (RFC 7515 section 2): no padding, and no stray bits in the last character."""
    try:
        data = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise NotStrictJson("it is not base64url") from None
    if urlsafe_b64encode(data).rstrip(b"=") != part.encode("ascii"):
        raise NotStrictJson("it is not base64url in its one canonical form")
    return data


def _malformed(why: str) -> Denial:
    return Denial(Code.TOKEN_MALFORMED, f"this is no ID token: {why}")
