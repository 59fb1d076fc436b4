"""Seals values that browsers keep for us (AES-256-GCM), with keys that may change while we run.

What is in a cookie is for `cookies`, what in a form for `first_login`. The first key seals, all open: a new key is put behind the
old one on every replica first, then before it, and nobody is logged out.
"""

import base64
import binascii
import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jwt_to_rbac.session_keys import SessionKeyFiles, UnusableKey

_NONCE = 12
"""Bytes, random: good for 2^32 values a key (NIST SP 800-38D section 8.3)."""

LONGEST_COOKIE = 4096
"""Characters; browsers keep no longer one."""


class Seal:
    """`files` are looked at before each use; ones that can't be used are told to `warn`, and the
    keys that were there before stay. Raises UnusableKey at the start.
    """

    def __init__(self, files: SessionKeyFiles, warn: Callable[[str], None]) -> None:
        self._files = files
        self._warn = warn
        self._seen = files.stamp()
        self._keys = tuple(map(_cipher, files.read()))

    def seal(self, value: bytes, purpose: str) -> str:
        """Text that only `open` with the same purpose turns back into `value`."""
        self._look()
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._keys[0].encrypt(nonce, value, purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def open(self, text: str, purpose: str, longest: int = LONGEST_COOKIE) -> bytes | None:
        """What was sealed; None for anything that we didn't seal with a key of now, and for more
        than `longest` characters."""
        self._look()
        if len(text) > longest or not text.isascii():
            return None
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        for key in self._keys:
            try:
                return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
            except (InvalidTag, ValueError):  # ValueError: too short.
                continue
        return None

    def _look(self) -> None:
        now = self._files.stamp()
        if now == self._seen:
            return
        self._seen = now
        try:
            self._keys = tuple(map(_cipher, self._files.read()))
        except UnusableKey as error:
            self._warn(str(error))


def _cipher(secret: bytes) -> AESGCM:
    key = HKDF(SHA256(), 32, salt=None, info=b"jwt-to-rbac web session").derive(secret)
    return AESGCM(key)
