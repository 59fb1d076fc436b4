"""An issuer's public keys (RFC 7517), imported with care, and which of them may verify what.

Nothing here fetches, caches or reads tokens. Keys are imported one at a time, so that an odd
one (a new key type, a broken entry) never takes the others with it (RFC 7517 section 5).
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from jwt_to_rbac.oidc.algorithms import KEY_SHAPE, KeyShape
from jwt_to_rbac.oidc.strict_json import NotStrictJson, parse_object

MIN_RSA_BITS = 2048
"""RFC 7518 section 3.3."""

MAX_RSA_BITS = 8192
"""A bound of ours on what one verification costs: 16 times a 2048-bit key's."""

_KEY_CLASS: Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {
    "RSA": RSAKey,
    "EC": ECKey,
    "OKP": OKPKey,
}
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_SHAPES = frozenset(KEY_SHAPE.values())


class NotAKeySet(ValueError):
    """The document isn't a JWK Set at all; single odd keys never raise this."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """One public key that may verify signatures.

    Two are equal when kid, `alg` and key material are, whichever fetch they came with;
    `thumbprint` is RFC 7638's.
    """

    kid: str | None
    algorithm: str | None
    shape: KeyShape
    thumbprint: str
    _key: RSAKey | ECKey | OKPKey = field(repr=False, compare=False)

    def fits(self, algorithm: str) -> bool:
        """Whether key type, curve and the key's own `alg` admit this algorithm (RFC 8725 3.1)."""
        return KEY_SHAPE[algorithm] == self.shape and self.algorithm in (None, algorithm)

    def verifies(self, algorithm: str, signing_input: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's, by this algorithm, over exactly this input."""
        if not self.fits(algorithm):
            return False
        try:
            model = JWSRegistry.algorithms[algorithm]
            return model.verify(signing_input, signature, self._key)
        except (JoseError, ValueError, UnsupportedAlgorithm):
            return False


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of one issuer, as of one fetch."""

    keys: frozenset[VerifyingKey]

    def candidates(self, kid: str | None, algorithm: str) -> tuple[VerifyingKey, ...]:
        """The keys that a token with this `kid` and `alg` may have been signed with.

        Several keys may share a kid (RFC 7517 section 4.5 only advises against it): all that
        fit are candidates. A token without kid is taken only where one single key fits, for
        trying out keys in turn would hide a set-up that nobody meant.
        """
        fitting = tuple(key for key in self.keys if key.fits(algorithm))
        if kid is None:
            return fitting if len(fitting) == 1 else ()
        return tuple(key for key in fitting if key.kid == kid)


def read_key_set(document: bytes) -> KeySet:
    """Import a JWK Set (RFC 7517 section 5); what can't verify signatures is left out.

    Raises NotAKeySet if it isn't a JSON object with a list of `keys`.
    """
    try:
        entries = parse_object(document).get("keys")
    except NotStrictJson as error:
        raise NotAKeySet(f"the key set can't be read: {error}") from None
    if not isinstance(entries, list):
        raise NotAKeySet("the key set has no list of keys")
    keys = (import_key(entry) for entry in entries)
    return KeySet(frozenset(key for key in keys if key is not None))


def import_key(entry: object) -> VerifyingKey | None:
    """Import one JWK, or None where it isn't a sound public key for signatures.

    Only the members that make up the public key reach the library: whatever else stands in
    the entry can neither make a good key fail nor a bad one pass.
    """
    if not isinstance(entry, dict) or not _is_for_signatures(entry):
        return None
    kid, algorithm, curve = entry.get("kid"), entry.get("alg"), entry.get("crv", "")
    if not isinstance(kid, str | None) or not isinstance(algorithm, str | None):
        return None
    shape = KeyShape(str(entry.get("kty")), str(curve))
    if shape not in _SHAPES:
        return None
    material: dict[str, str | list[str]] = {"kty": shape.key_type}
    for name in _MEMBERS[shape.key_type]:
        value = entry.get(name)
        if not isinstance(value, str):
            return None
        material[name] = value
    try:
        if "n" in material and not MIN_RSA_BITS <= _bits(str(material["n"])) <= MAX_RSA_BITS:
            return None
        key = _KEY_CLASS[shape.key_type].import_key(material)
        return VerifyingKey(kid, algorithm, shape, key.thumbprint(), key)
    except (JoseError, ValueError, TypeError, OverflowError, UnsupportedAlgorithm):
        # cryptography refuses points off the curve and nonsensical RSA numbers here.
        return None


def _is_for_signatures(entry: Mapping[str, object]) -> bool:
    if entry.get("use", "sig") != "sig":
        return False
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return False
    # A private key that is published lets everybody sign.
    return "d" not in entry


def _bits(number: str) -> int:
    """How many bits a base64url number has (RFC 7518 section 2: Base64urlUInt)."""
    padded = number + "=" * (-len(number) % 4)
    return int.from_bytes(urlsafe_b64decode(padded), "big").bit_length()
