"""The files of the web app's session keys: whether they fit, and whether they changed. No cookie is known here."""

from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.file_stamp import Stamp, stamp

SHORTEST = 32
"""Bytes; what AES-256 is worth."""

_LONGEST = 4096


class UnusableKey(Exception):
    """The message says which file and why, to stand after a key's name; never what is in it."""


@dataclass(frozen=True, slots=True)
class SessionKeyFiles:
    """Files of secret bytes, the newest first."""

    files: tuple[Path, ...]

    def read(self) -> tuple[bytes, ...]:
        """The secrets. Raises UnusableKey."""
        return tuple(map(_read, self.files))

    def stamp(self) -> Stamp:
        """What is different once a file was changed or replaced; a missing file is one state too."""
        return stamp(self.files)


def _read(file: Path) -> bytes:
    try:
        secret = file.read_bytes().removesuffix(b"\n")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path at all"
        raise UnusableKey(f"names {file}, which can't be read: {reason}") from None
    if not SHORTEST <= len(secret) <= _LONGEST:
        raise UnusableKey(
            f"names {file}, which has {len(secret)} bytes, but must have {SHORTEST} to {_LONGEST} "
            "random ones: write it with `openssl rand -base64 32`"
        )
    return secret
