"""One https server that is as many issuers as there are configurations, all with one key."""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.oidc.own_authority import OwnAuthority

AUDIENCE = "app"


@dataclass(frozen=True)
class ManyIssuers:
    """`ca` is the authority's certificate in PEM."""

    base: str
    ca: str
    key: RSAKey

    def url(self, name: str) -> str:
        return f"{self.base}/{name}"

    def token(self, issuer: str, changes: dict[str, object]) -> str:
        """A good token of this issuer but for the changes; `...` leaves a claim out."""
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": self.url(issuer),
            "sub": "1234",
            "aud": AUDIENCE,
            "iat": now - 5,
            "nbf": now - 5,
            "exp": now + 600,
            "email": "jane@example.com",
            "email_verified": True,
            "groups": ["admins", "developers"],
        }
        claims |= changes
        claims = {name: value for name, value in claims.items() if value is not ...}
        return jwt.encode({"alg": "RS256", "kid": "the-key"}, claims, self.key)


@contextmanager
def many_issuers(names: Iterable[str], folder: Path) -> Iterator[ManyIssuers]:
    """Serve them on a free loopback port until the block ends."""
    authority, key = OwnAuthority(folder), RSAKey.generate_key(2048)
    published = {**key.as_dict(private=False), "use": "sig", "kid": "the-key", "alg": "RS256"}
    documents: dict[str, object] = {"/keys": {"keys": [published]}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(documents[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Silent: the tests' output is for the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = authority.server_context().wrap_socket(server.socket, server_side=True)
        base = f"https://127.0.0.1:{server.server_port}"
        for name in names:
            documents[f"/{name}/.well-known/openid-configuration"] = {
                "issuer": f"{base}/{name}",
                "jwks_uri": f"{base}/keys",
                "authorization_endpoint": f"{base}/auth",
                "token_endpoint": f"{base}/token",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ManyIssuers(base, authority.ca_file.read_text(), key)
        finally:
            server.shutdown()
            thread.join()
