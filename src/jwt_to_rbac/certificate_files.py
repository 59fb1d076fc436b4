"""The certificate files that a listener serves with: whether they fit, and whether they changed."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.file_stamp import Stamp, stamp


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files. With `client_authority` only clients with a certificate of its are let in."""

    certificate: Path
    key: Path
    client_authority: Path | None = None

    def check(self) -> None:
        """Raise InvalidInput (configuration_invalid) unless all can be read and belong together."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise _unusable(
                f"certificate {self.certificate} with key {self.key}", _reason(error)
            ) from None
        if self.client_authority is None:
            return
        try:
            context.load_verify_locations(self.client_authority)
        except (OSError, ValueError) as error:
            raise _unusable(f"client authority {self.client_authority}", _reason(error)) from None

    def stamp(self) -> Stamp:
        """What is different once a file was changed or replaced; a missing file is one state too."""
        return stamp(self._files())

    def _files(self) -> list[Path]:
        authority = self.client_authority
        return [self.certificate, self.key, *([authority] if authority else [])]


def _no_password() -> str:
    # Without it OpenSSL would ask for one on the terminal.
    raise ValueError("the key is encrypted")


def _reason(error: Exception) -> str:
    # Never OpenSSL's whole text, which may quote the file.
    if isinstance(error, ssl.SSLError):
        return error.reason or "no PEM, or the key is another certificate's"
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__


def _unusable(what: str, why: str) -> InvalidInput:
    return InvalidInput(Code.CONFIGURATION_INVALID, f"{what} can't be used: {why}")
