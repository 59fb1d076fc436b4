"""A small certificate authority: for the sandbox's parts, and between API servers and our webhooks.

Keys lie unencrypted in one folder, in files that only their owner may read.
"""

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Clocks differ, and certificates count whole seconds.
_BACKDATED = datetime.timedelta(minutes=5)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, both PEM files."""

    certificate: Path
    key: Path


class CertificateAuthority:
    """Issues certificates into `folder`, its own there as `ca.crt`; a `ca.key` there goes on.

    `lifetime` is what it and all its certificates live. Raises ValueError if `ca.key` or
    `ca.crt` isn't what this class wrote, OSError if the folder can't be used.
    """

    def __init__(self, folder: Path, name: str, lifetime: datetime.timedelta) -> None:
        self._folder = folder
        self._lifetime = lifetime
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate_file = folder / "ca.crt"
        key_file = folder / "ca.key"
        if key_file.exists():
            key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise ValueError(f"{key_file} is of another kind than this program makes")
            self._key = key
            known = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
            self._name = known.subject
        else:
            self._key = ec.generate_private_key(ec.SECP256R1())
            write_private(key_file, private_pem(self._key))
            certificate = (
                self._builder(self._name, self._key.public_key())
                .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                .add_extension(_key_usage(ca=True), critical=True)
                .sign(self._key, hashes.SHA256())
            )
            write_private(self.certificate_file, _pem(certificate))

    def issue(
        self, file: str, name: str, *, organization: str | None = None, hosts: Iterable[str] = ()
    ) -> Pair:
        """A new certificate and key as `<file>.crt` and `<file>.key`, in the place of older ones.

        With `hosts` (names and IP addresses) it is a server's, else a client's.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if organization is not None:
            parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = self._builder(x509.Name(parts), key.public_key())
        if places := [_place(host) for host in hosts]:
            uses = [ExtendedKeyUsageOID.SERVER_AUTH]
            builder = builder.add_extension(x509.SubjectAlternativeName(places), critical=False)
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        # The key first: whoever follows both files takes them up when they fit.
        return Pair(
            key=write_private(self._folder / f"{file}.key", private_pem(key)),
            certificate=write_private(self._folder / f"{file}.crt", _pem(certificate)),
        )

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        signer = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + self._lifetime)
            # Both identifiers, because Python's strict verification insists on them.
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer),
                critical=False,
            )
        )


def private_pem(key: PrivateKey) -> bytes:
    """PKCS #8, unencrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def write_private(path: Path, content: bytes) -> Path:
    """Write a file that only its owner may read, whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    beside.write_bytes(content)
    return beside.replace(path)


def _place(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


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


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
