"""A real issuer on loopback: real keys, a real HTTP server, and tokens as good or as bad as asked.

Nothing here knows the verifier, so that no mistake can be made twice in the same way.
"""

import asyncio
import json
import ssl
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

NOW = 1_795_454_000.0
"""When the tests take place, in seconds since 1970."""

AUDIENCE = "example-app"
JANE = "CiNjbj1qYW5lLG91PVBlb3BsZSxkYz1leGFtcGxlLGRjPW9yZxIEbGRhcA"

PrivateKey = RSAKey | ECKey | OKPKey
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(header: object, payload: object, key: PrivateKey, algorithm: str) -> str:
    """Sign anything: objects become JSON, bytes stay as they are."""
    parts = [
        base64url(part if isinstance(part, bytes) else json.dumps(part).encode())
        for part in (header, payload)
    ]
    signing_input = ".".join(parts).encode()
    signature = JWSRegistry.algorithms[algorithm].sign(signing_input, key)
    return f"{signing_input.decode()}.{base64url(signature)}"


def public(key: PrivateKey, **members: object) -> dict[str, object]:
    """The key as an issuer publishes it; a member that is None is left out."""
    entry = {**key.as_dict(private=False), "use": "sig", **members}
    return {name: value for name, value in entry.items() if value is not None}


@dataclass
class LocalIssuer:
    """What the server answers can be changed at any time; it counts who asked."""

    key: PrivateKey
    url: str = ""
    algorithm: str = "RS256"
    kid: str = "key-1"
    keys: list[object] = field(default_factory=list)
    discovery: dict[str, object] = field(default_factory=dict)
    answer_discovery: Answer | None = None
    answer_keys: Answer | None = None
    answer_token: Answer | None = None
    discoveries: int = 0
    key_fetches: int = 0
    gate: asyncio.Event | None = None
    keys_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def claims(self, **changes: object) -> dict[str, object]:
        """Jane's, as Dex makes them (a change to `...` leaves the claim out)."""
        claims = {
            "iss": self.url,
            "sub": JANE,
            "aud": AUDIENCE,
            "exp": int(NOW) + 600,
            "iat": int(NOW),
            "at_hash": "i9SxJXi8TkBR3wfMkpGhGA",
            "email": "janedoe@example.com",
            "email_verified": True,
            "groups": ["developers", "admins"],
            "name": "jane",
            "preferred_username": "jane",
            "federated_claims": {
                "connector_id": "ldap",
                "user_id": "cn=jane,ou=People,dc=example,dc=org",
            },
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, header: Mapping[str, object] | None = None, /, **changes: object) -> str:
        """A token that is good but for what is changed."""
        whole = {"alg": self.algorithm, "kid": self.kid, **(header or {})}
        left = {name: value for name, value in whole.items() if value is not ...}
        return self.sign(left, self.claims(**changes))

    def sign(self, header: object, payload: object) -> str:
        return compact(header, payload, self.key, self.algorithm)

    def publish(self, *keys: object) -> None:
        self.keys = list(keys)

    def rotate(self, key: PrivateKey, kid: str, keep: bool = True) -> None:
        """Sign with a new key at once, as Dex does; the old one stays published or not."""
        self.key, self.kid = key, kid
        self.keys = [public(key, kid=kid), *(self.keys if keep else [])]

    async def serve_discovery(self, request: web.Request) -> web.StreamResponse:
        self.discoveries += 1
        if self.answer_discovery is not None:
            return await self.answer_discovery(request)
        document = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.discovery}
        return web.json_response(document)

    async def serve_keys(self, request: web.Request) -> web.StreamResponse:
        self.key_fetches += 1
        self.keys_asked.set()
        published = {"keys": list(self.keys)}
        if self.gate is not None:
            await self.gate.wait()
        if self.answer_keys is not None:
            return await self.answer_keys(request)
        return web.json_response(published)

    async def serve_token(self, request: web.Request) -> web.StreamResponse:
        assert self.answer_token, "nobody should have asked for a token"
        return await self.answer_token(request)


@asynccontextmanager
async def local_issuer(
    key: PrivateKey, tls: ssl.SSLContext | None = None, algorithm: str = "RS256"
) -> AsyncIterator[LocalIssuer]:
    """Serve on a free loopback port until the block ends."""
    issuer = LocalIssuer(key, algorithm=algorithm)
    issuer.publish(public(key, kid=issuer.kid))
    application = web.Application()
    application.router.add_get("/dex/.well-known/openid-configuration", issuer.serve_discovery)
    application.router.add_get("/dex/keys", issuer.serve_keys)
    application.router.add_post("/dex/token", issuer.serve_token)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    issuer.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/dex"
    try:
        yield issuer
    finally:
        if issuer.gate is not None:
            issuer.gate.set()
        await runner.cleanup()
