"""The sandbox's own certificate authority and the files that its parts and users need of it.

For loopback and for hours only: keys lie unencrypted in the sandbox's folder (mode 0700).
"""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = datetime.timedelta(days=30)
# Clocks of one machine agree, but certificates count whole seconds.
_BACKDATED = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, both PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Pki:
    """The files that `write_pki` made."""

    ca: Path
    server: Pair
    admin: Pair
    controller_manager: Pair
    service_account_key: Path
    service_account_public_key: Path


def write_pki(folder: Path) -> Pki:
    """Make a new authority with a server (127.0.0.1, localhost), an administrator
    (`system:masters`), the controller manager, and the key that signs ServiceAccount tokens."""
    folder.mkdir(mode=0o700)
    authority = _Authority(folder)
    # RSA, because that is what clusters in the field sign with, and what a bench should meet.
    signer = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Pki(
        ca=authority.certificate_file,
        server=authority.issue("server", "kube-apiserver", server=True),
        admin=authority.issue("admin", "sandbox-admin", organization="system:masters"),
        controller_manager=authority.issue("controller-manager", "system:kube-controller-manager"),
        service_account_key=_write(folder / "service-account.key", _private(signer)),
        service_account_public_key=_write(
            folder / "service-account.pub",
            signer.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
        ),
    )


class _Authority:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jwt-to-rbac sandbox CA")])
        self._key_id = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(ca=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate_file = _write(folder / "ca.crt", _certificate(certificate))

    def issue(
        self, file: str, name: str, *, organization: str | None = None, server: bool = False
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if organization is not None:
            parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = self._builder(x509.Name(parts), key.public_key())
        if server:
            uses = [ExtendedKeyUsageOID.SERVER_AUTH]
            builder = builder.add_extension(_here(), critical=False)
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Pair(
            _write(self._folder / f"{file}.crt", _certificate(certificate)),
            _write(self._folder / f"{file}.key", _private(key)),
        )

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + _LIFETIME)
            # Both identifiers, because Python's strict verification insists on them.
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._key_id),
                critical=False,
            )
        )


def _here() -> x509.SubjectAlternativeName:
    loopback = ipaddress.ip_address("127.0.0.1")
    return x509.SubjectAlternativeName([x509.IPAddress(loopback), x509.DNSName("localhost")])


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _certificate(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path
