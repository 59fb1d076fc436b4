"""The webhooks' application: `POST /authenticate` and `POST /authorize`. Whoever reaches it is an API server.

That it is one is the listener's business, by client certificate. Plain ASGI, for API servers
wait for every answer; errors are raised to whoever wraps it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from starlette.types import Receive, Scope, Send

from jwt_to_rbac.core.errors import Code, JwtToRbacError, Outage
from jwt_to_rbac.ports import Request
from jwt_to_rbac.usecases.authorize import Authorize
from jwt_to_rbac.usecases.review_token import ReviewToken
from jwt_to_rbac.webhooks.body import read
from jwt_to_rbac.webhooks.reviews import (
    AccessReview,
    TokenReview,
    access_answer,
    asked_in,
    token_answer,
    user_of,
)

AUTHENTICATE, AUTHORIZE = "/authenticate", "/authorize"

AUTHENTICATE_SECONDS = 8.0
"""API servers wait 30 s for a TokenReview (client-go), people less; an issuer's keys may have to
be fetched meanwhile."""

AUTHORIZE_SECONDS = 2.0
"""Less than the 3 s that our AuthorizationConfiguration has API servers wait."""

Handler = Callable[[Receive, Request], Awaitable[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Webhook:
    """What answers at one path, and within how many seconds."""

    path: str
    handler: Handler
    seconds: float


class WebhookApp:
    """The ASGI application over the two use cases."""

    def __init__(self, review_token: ReviewToken, authorize: Authorize) -> None:
        self._review_token = review_token
        self._authorize = authorize
        self._tokens = msgspec.json.Decoder(TokenReview)
        self._accesses = msgspec.json.Decoder(AccessReview)
        self._encode = msgspec.json.Encoder().encode
        webhooks = (
            Webhook(AUTHENTICATE, self._authentication, AUTHENTICATE_SECONDS),
            Webhook(AUTHORIZE, self._authorization, AUTHORIZE_SECONDS),
        )
        self._webhooks = {webhook.path: webhook for webhook in webhooks}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with 200 and a review; raises JwtToRbacError for what is no review."""
        found = self._webhooks.get(scope["path"])
        if found is None:
            raise JwtToRbacError(Code.NOT_FOUND, "There is nothing at this path.")
        scope["route"] = found
        if scope["method"] != "POST":
            raise JwtToRbacError(Code.METHOD_NOT_ALLOWED, "This path takes POST alone.")
        try:
            async with asyncio.timeout(found.seconds):
                body = self._encode(await found.handler(receive, scope["state"]["request"]))
        except Outage as e:
            # Without the time to wait, which makes client-go try for 30 s before it refuses.
            raise JwtToRbacError(e.code, e.detail) from e
        except TimeoutError as e:
            raise JwtToRbacError(Code.BUSY, "This took too long.") from e
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _authentication(self, receive: Receive, request: Request) -> dict[str, object]:
        spec = (await read(receive, self._tokens)).spec
        found = await self._review_token(spec.token, spec.audiences or (), request)
        return token_answer(found)

    async def _authorization(self, receive: Receive, request: Request) -> dict[str, object]:
        spec = (await read(receive, self._accesses)).spec
        verdict = await self._authorize(user_of(spec), asked_in(spec), request)
        return access_answer(verdict)
