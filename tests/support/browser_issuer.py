"""An issuer that people's browsers are sent to, and that answers just as a test wants it to, well or badly.

Nobody types a password: whoever comes is the person that the test says.
"""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.issuer import ManyPeople, public_key

CLIENT = "the-web-app"
SECRET = "s3cret:with%odd characters"


@dataclass
class BrowserIssuer:
    """`person` comes next, with these claims. `answer` replaces what the authorization endpoint
    sends back; `spoil` changes claims of the ID token. `asked` are the authorization requests,
    `ended` the logouts; `refused` is why the token endpoint said no.
    """

    people: ManyPeople
    person: str = "somebody"
    claims: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    spoil: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    ended: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.people.url

    def well(self, person: str, **claims: Any) -> None:
        """From now on `person` logs in without trouble."""
        self.person, self.claims, self.answer, self.spoil = person, claims, {}, {}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent with the answer."""
        self.asked.append(query)
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        answer = {"code": code, "state": query["state"]} | self.answer
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint's status and answer; a code is good once."""
        begun = self.codes.pop(form.get("code", ""), None)
        if begun is None:
            return self._no("invalid_grant")
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if begun["code_challenge"] != challenge or form["redirect_uri"] != begun["redirect_uri"]:
            return self._no("invalid_grant")
        # RFC 6749 section 2.3.1: both are form-encoded before they are joined.
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if dict(parse_qsl(f"{pair.replace(':', '=', 1)}")) != {CLIENT: SECRET}:
            return self._no("invalid_client")
        told = {"aud": CLIENT, "nonce": begun["nonce"]} | self.claims | self.spoil
        return 200, {
            "token_type": "Bearer",
            "access_token": "unused",
            "id_token": self.people.token(self.person, **told),
        }

    def _no(self, error: str) -> tuple[int, dict[str, Any]]:
        self.refused.append(error)
        return 400, {"error": error, "error_description": "<b>no</b>"}


@contextmanager
def browser_issuer() -> Iterator[BrowserIssuer]:
    """The issuer, served on a free loopback port by a thread for as long as the context lasts."""
    key = rsa.generate_private_key(65537, 2048)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            match parts.path:
                case "/.well-known/openid-configuration":
                    self._json(200, configuration)
                case "/keys":
                    self._json(200, {"keys": [public_key(key)]})
                case "/authorize":
                    self._redirect(issuer.authorize(query))
                case "/end":
                    issuer.ended.append(query)
                    self._redirect(query["post_logout_redirect_uri"])
                case _:
                    self._json(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._json(*issuer.redeem(dict(parse_qsl(body)), self.headers.get("Authorization", "")))

        def _redirect(self, to: str) -> None:
            self.send_response(303)
            self.send_header("Location", to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _json(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Silent: the tests' output is for the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        issuer = BrowserIssuer(ManyPeople(url, key))
        configuration = {
            "issuer": url,
            "jwks_uri": f"{url}/keys",
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "end_session_endpoint": f"{url}/end",
        }
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
