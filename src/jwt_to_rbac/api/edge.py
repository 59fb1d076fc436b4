"""What every request passes first: an id, a deadline, one place where errors end, and the brake.

Plain ASGI, since it stands in the way of every call (Starlette's own middleware costs more).
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.api.problems import failed
from jwt_to_rbac.api.source import peer
from jwt_to_rbac.core.errors import Code, JwtToRbacError, Outage
from jwt_to_rbac.ports import Request

DEADLINE = 10.0
"""Seconds for a whole request: a login's calls have five each, and clients give up later."""

HELD_SECONDS, HELD_A_SECOND, MOST_HELD = 1.0, 256, 1024
"""For how long refusals of a source that had too many are held back, how many of them are let go in a
second (so that more of them are held longer: a flood gains nothing by more connections), and how many
are held at a time. Whoever comes beyond is answered at once, which is what makes a flood dear. A held
one costs 60 kB with its connection, so that 1,024 leave room under 256 MB."""

REFUSALS = frozenset({400, 401, 405, 413})
"""The statuses of requests that were refused before it was known who sent them, besides 404."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of requests.

    `ended`: a request's method, path template ("" for none), status (0 if nobody waited for it)
    and seconds. `failed`: the code of an error that ended one. And the log.
    """

    ended: Callable[[str, str, int, float], None]
    failed: Callable[[str], None]
    log: FilteringBoundLogger


class Edge:
    """Wraps the application. `new_id` makes request ids; `source_of` tells whence a request came.

    `refused` is told the source of each refused request, and answers whether it had too many:
    then the answer is held back (see `held_for`), as those are that say so (429). Without the
    two everybody is their connection's other end, and nobody is held.
    """

    def __init__(
        self,
        app: ASGIApp,
        new_id: Callable[[], str],
        told: Told,
        source_of: Callable[[Scope], str] = peer,
        refused: Callable[[str], bool] = lambda source: False,
    ) -> None:
        self._app = app
        self._new_id = new_id
        self._source_of = source_of
        self._refused = refused
        self._told = told
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(self._new_id(), self._source_of(scope))
        scope.setdefault("state", {})["request"] = request
        began, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request.id.encode())]
                lost = status == 404 and "route" not in scope
                refused = lost or status in REFUSALS
                if status == 429 or (refused and self._refused(request.source)):
                    await self._hold(message)
            await send(message)

        error: Exception | None = None
        try:
            async with asyncio.timeout(DEADLINE):
                await self._app(scope, receive, send_with_id)
        except Exception as e:
            error = e
            if status:
                raise
            # The web app tells its errors in pages.
            show: Callable[[JwtToRbacError, str], Response] = scope["state"].get("failed", failed)
            await show(_as_ours(e), request.id)(scope, receive, send_with_id)
        finally:
            self._tell(scope, status, time.perf_counter() - began, error)

    async def _hold(self, message: Message) -> None:
        # Who comes again has to connect again: a flood's connections must not be all there are.
        message["headers"].append((b"connection", b"close"))
        if self.held >= MOST_HELD:
            return
        self.held += 1
        try:
            await asyncio.sleep(held_for(self.held))
        finally:
            self.held -= 1

    def _tell(self, scope: Scope, status: int, seconds: float, error: Exception | None) -> None:
        route = getattr(scope.get("route"), "path", "")
        path = route.rstrip("/") or route
        self._told.ended(scope["method"], path, status, seconds)
        log = self._told.log
        facts = {
            "request": scope["state"]["request"].id,
            "method": scope["method"],
            "path": path,
            "status": status,
            "seconds": round(seconds, 4),
        }
        if error is None:
            log.debug("A request was answered", **facts)
            return
        ours = _as_ours(error)
        self._told.failed(ours.code)
        if ours.code is Code.INTERNAL:
            log.error("A request failed by an error of this program", **facts, error=error)
        elif status >= 500:
            log.warning("A request failed", **facts, code=ours.code, detail=ours.detail)
        else:
            log.debug("A request was refused", **facts, code=ours.code)


def held_for(held: int) -> float:
    """For how many seconds one of so many refusals is held back."""
    return max(HELD_SECONDS, held / HELD_A_SECOND)


def _as_ours(e: Exception) -> JwtToRbacError:
    if isinstance(e, JwtToRbacError):
        return e
    if isinstance(e, TimeoutError):
        return Outage(Code.CLUSTER_UNAVAILABLE, "This took too long. Try again.")
    # Nothing of its message: that may hold what the client sent.
    return JwtToRbacError(Code.INTERNAL, "An error of ours; the log knows it by the request id.")
