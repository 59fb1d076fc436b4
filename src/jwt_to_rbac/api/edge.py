"""What every request passes first: a request id, a deadline, and one place where errors end.

Plain ASGI, since it stands in the way of every call (Starlette's own middleware costs more).
"""

import asyncio
import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jwt_to_rbac.api.problems import failed, problem
from jwt_to_rbac.core.errors import Code, JwtToRbacError, Outage

DEADLINE = 10.0
"""Seconds for a whole request: a login's calls have five each, and clients give up later."""

log = logging.getLogger(__name__)


class Edge:
    """Wraps the application. `new_id` makes request ids, `source` is told where each comes from."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], str], source: ContextVar[str]) -> None:
        self._app = app
        self._new_id = new_id
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = self._new_id()
        # Each request is a task with a context of its own, and so are the tasks that it starts.
        self._source.set((scope.get("client") or ("",))[0])
        scope.setdefault("state", {})["request"] = request
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], (b"x-request-id", request.encode())]
            await send(message)

        try:
            async with asyncio.timeout(DEADLINE):
                await self._app(scope, receive, send_with_id)
        except Exception as e:
            if started:
                raise
            await _answer(e, request)(scope, receive, send_with_id)


def _answer(e: Exception, request: str) -> Any:
    if isinstance(e, JwtToRbacError):
        return failed(e, request)
    if isinstance(e, TimeoutError):
        return failed(Outage(Code.CLUSTER_UNAVAILABLE, "This took too long. Try again."), request)
    # By class only: a message may hold what the client sent.
    log.error("request %s failed: %s", request, type(e).__name__, exc_info=_without_values(e))
    return problem(Code.INTERNAL, "An error of ours; the log knows it by the request id.", request)


def _without_values(e: Exception) -> Exception:
    """The same traceback with the message cut off, which may hold what a client sent."""
    return RuntimeError(type(e).__qualname__).with_traceback(e.__traceback__)
