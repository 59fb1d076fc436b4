"""An issuer with real keys and as many people as a bench needs; Dex can't make thousands at once."""

import base64
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "bench"


@dataclass(frozen=True)
class BenchIssuer:
    """Signs ID tokens; `url` is where its discovery document is served."""

    url: str
    key: rsa.RSAPrivateKey = field(repr=False)
    serial: Iterator[int] = field(default_factory=itertools.count)

    def token(self, name: str = "") -> str:
        """An ID token in Dex's shape for a person of two groups; a new one for no name."""
        name = name or f"p{next(self.serial)}"
        now = int(time.time())
        claims = {
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
        head = {"alg": "RS256", "kid": "bench", "typ": "JWT"}
        signed = f"{_encode(head)}.{_encode(claims)}"
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64url(signature)}"


@asynccontextmanager
async def bench_issuer() -> AsyncIterator[BenchIssuer]:
    """The issuer, served on a free loopback port for as long as the context lasts."""
    key = rsa.generate_private_key(65537, 2048)
    numbers = key.public_key().public_numbers()
    jwk = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": "bench",
        "n": _base64url(numbers.n.to_bytes(256, "big")),
        "e": _base64url(numbers.e.to_bytes(3, "big")),
    }

    async def discovery(request: web.Request) -> web.Response:
        url = f"http://{request.host}"
        return web.json_response({"issuer": url, "jwks_uri": f"{url}/keys"})

    async def keys(request: web.Request) -> web.Response:
        return web.json_response({"keys": [jwk]})

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", discovery)
    app.router.add_get("/keys", keys)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        _, port = runner.addresses[0][:2]
        yield BenchIssuer(f"http://127.0.0.1:{port}", key)
    finally:
        await runner.cleanup()


def _encode(value: object) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
