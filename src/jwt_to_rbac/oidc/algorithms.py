"""The signature algorithms that may be allowed, and the key each needs; no keys, no tokens.

Asymmetric ones only: `none` and HS* can't even be configured, so a public key can never be
taken for an HMAC secret (RFC 8725 section 3.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class KeyShape:
    """`kty` and `crv` of RFC 7517 and 7518; `curve` is empty for RSA."""

    key_type: str
    curve: str = ""


_RSA = KeyShape("RSA")

KEY_SHAPE: Mapping[str, KeyShape] = MappingProxyType(
    {
        "RS256": _RSA,
        "RS384": _RSA,
        "RS512": _RSA,
        "PS256": _RSA,
        "PS384": _RSA,
        "PS512": _RSA,
        "ES256": KeyShape("EC", "P-256"),
        "ES384": KeyShape("EC", "P-384"),
        "ES512": KeyShape("EC", "P-521"),
        "EdDSA": KeyShape("OKP", "Ed25519"),
    }
)
"""RFC 7518 section 3.1 and RFC 8037 section 3.1: one key shape an algorithm."""

DEFAULT_ALGORITHMS = frozenset({"RS256"})
"""What OpenID Connect Core 3.1.3.7 (7) takes when nothing else was agreed."""
