"""A certificate authority for one test, and a certificate for 127.0.0.1 by it."""

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_SPAN = datetime.timedelta(days=1)


class OwnAuthority:
    """`ca_file` holds the authority's certificate in PEM."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self.ca_file = folder / "ca.pem"
        authority_key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, str(folder)[-64:])])
        authority = _builder(name, name, authority_key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self._write("ca.pem", authority.sign(authority_key, hashes.SHA256()))
        server_key = ec.generate_private_key(ec.SECP256R1())
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        server = _builder(x509.Name([]), name, server_key.public_key()).add_extension(
            x509.SubjectAlternativeName([address]), critical=True
        )
        self._write("server.pem", server.sign(authority_key, hashes.SHA256()))
        (folder / "server.key").write_bytes(
            server_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def server_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._folder / "server.pem", self._folder / "server.key")
        return context

    def _write(self, name: str, certificate: x509.Certificate) -> None:
        (self._folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SPAN)
        .not_valid_after(now + _SPAN)
    )
