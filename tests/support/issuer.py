"""An issuer with real keys and as many people as wanted: Dex can't make thousands, nor bad tokens."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "many"
KEY_ID = "the-key"


@dataclass(frozen=True)
class ManyPeople:
    """Signs ID tokens; `url` is where its discovery document is served."""

    url: str
    key: rsa.RSAPrivateKey = field(repr=False)

    def now(self) -> int:
        """The time in this issuer's tokens, in seconds since 1970."""
        return int(time.time())

    def claims(self, name: str, **changes: object) -> dict[str, object]:
        """An ID token's claims in Dex's shape for a person in the article's two groups."""
        now = self.now()
        claims: dict[str, object] = {
            "iss": self.url,
            "sub": f"sub-{name}",
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 3600,
            "email": f"{name}@example.com",
            "email_verified": True,
            "groups": ["admins", "developers"],
            "federated_claims": {"connector_id": "ldap", "user_id": f"cn={name}"},
        }
        return claims | changes

    def token(self, name: str, **changes: object) -> str:
        """A signed ID token for a person, with some claims changed."""
        return self.sign(self.claims(name, **changes))

    def sign(self, claims: object, alg: str = "RS256") -> str:
        """A token with a real RS256 signature, whatever its header says of the algorithm."""
        signed = f"{_encode({'alg': alg, 'kid': KEY_ID, 'typ': 'JWT'})}.{_encode(claims)}"
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64url(signature)}"

    def unsigned(self, claims: object) -> str:
        """A token of algorithm `none`, as an attacker makes it."""
        return f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(claims)}."


@contextmanager
def many_people(date: str = "") -> Iterator[ManyPeople]:
    """The issuer, served on a free loopback port by a thread for as long as the context lasts.

    With a `date` its answers say that in the header of this name, as if its clock stood there.
    """
    key = rsa.generate_private_key(65537, 2048)
    documents: dict[str, object] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(documents[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date or super().date_time_string(timestamp)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Silent: the tests' output is for the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        documents["/.well-known/openid-configuration"] = {"issuer": url, "jwks_uri": f"{url}/keys"}
        documents["/keys"] = {"keys": [public_key(key)]}
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ManyPeople(url, key)
        finally:
            server.shutdown()
            thread.join()


def public_key(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": KEY_ID,
        "n": _base64url(numbers.n.to_bytes(256, "big")),
        "e": _base64url(numbers.e.to_bytes(3, "big")),
    }


def _encode(value: object) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
