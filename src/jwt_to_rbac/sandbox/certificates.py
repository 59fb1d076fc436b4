"""The files that the sandbox's parts and users need of its own certificate authority.

For loopback and for hours only: keys lie unencrypted in the sandbox's folder (mode 0700).
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from jwt_to_rbac.certificate_authority import (
    CertificateAuthority,
    Pair,
    private_pem,
    write_private,
)

_LIFETIME = datetime.timedelta(days=30)
_HERE = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Pki:
    """The files that `write_pki` made."""

    authority: CertificateAuthority
    server: Pair
    admin: Pair
    controller_manager: Pair
    service_account_key: Path
    service_account_public_key: Path

    @property
    def ca(self) -> Path:
        """The authority's certificate."""
        return self.authority.certificate_file


def write_pki(folder: Path, hosts: Iterable[str] = ()) -> Pki:
    """Make a new authority with a server (127.0.0.1, localhost and `hosts`), an administrator
    (`system:masters`), the controller manager, and the key that signs ServiceAccount tokens."""
    folder.mkdir(mode=0o700)
    authority = CertificateAuthority(folder, "jwt-to-rbac sandbox CA", _LIFETIME)
    # RSA, because that is what clusters in the field sign with, and what a bench should meet.
    signer = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Pki(
        authority=authority,
        server=authority.issue("server", "kube-apiserver", hosts=(*_HERE, *hosts)),
        admin=authority.issue("admin", "sandbox-admin", organization="system:masters"),
        controller_manager=authority.issue("controller-manager", "system:kube-controller-manager"),
        service_account_key=write_private(folder / "service-account.key", private_pem(signer)),
        service_account_public_key=write_private(
            folder / "service-account.pub",
            signer.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
        ),
    )
