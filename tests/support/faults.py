"""A proxy in front of the real API server that spoils calls: errors, throttling, cut lines.

One chosen call, or with `most_a_second` whatever comes above a rate.
"""

import math
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from aiohttp import web

from jwt_to_rbac.kube.calls import verb_and_resource
from tests.support.proxy import Upstream, cut, proxied


class Fault(Enum):
    """What happens to a call instead of its answer."""

    FORBIDDEN = 403
    CONFLICT = 409
    UNPROCESSABLE = 422
    THROTTLED = 429
    BROKEN = 500
    CUT_BEFORE = "the connection ends before the API server sees the call"
    CUT_AFTER = "the API server carries the call out, and the answer is lost"


@dataclass
class Faults:
    """Spoils the call number `at` (from 0, watches, lists and Events not counted) with `fault`.

    `calls` are those counted since `spoil`, as `METHOD path`.
    """

    kubeconfig: Path = Path()
    calls: list[str] = field(default_factory=list)
    at: int = -1
    fault: Fault = Fault.BROKEN
    most_a_second: float = math.inf
    answered: list[tuple[str, bool]] = field(default_factory=list)
    """All calls since `limit`, watches and lists too, and whether they were within the rate."""
    _within: deque[float] = field(default_factory=deque)

    def limit(self, most_a_second: float = math.inf) -> None:
        """What comes above this is throttled from now on."""
        self.answered, self.most_a_second = [], most_a_second

    def excessive(self, request: web.Request) -> bool:
        """Whether there were as many calls as allowed in the last second."""
        now = time.monotonic()
        while self._within and self._within[0] <= now - 1:
            self._within.popleft()
        over = len(self._within) >= self.most_a_second
        if not over:
            self._within.append(now)
        self.answered.append((f"{request.method} {request.path}", not over))
        return over

    def spoil(self, at: int, fault: Fault) -> None:
        self.calls, self.at, self.fault = [], at, fault

    def heal(self) -> None:
        self.spoil(-1, Fault.BROKEN)

    def due(self, request: web.Request) -> Fault | None:
        """The fault for this request, if it is its turn."""
        if verb_and_resource(request.method, request.path_qs)[0] in ("list", "watch"):
            return None
        if "/events.k8s.io/" in request.path:
            return None  # News is told in the background, whenever it comes.
        self.calls.append(f"{request.method} {request.path}")
        return self.fault if len(self.calls) - 1 == self.at else None


@contextmanager
def faulty_api_server(kubeconfig: Path, folder: Path) -> Iterator[Faults]:
    """The API server by way of a proxy that spoils what it is told to."""
    faults = Faults()

    async def handle(request: web.Request, upstream: Upstream) -> web.StreamResponse:
        match Fault.THROTTLED if faults.excessive(request) else faults.due(request):
            case None:
                return await upstream.pass_on(request)
            case Fault.CUT_BEFORE:
                return cut(request)
            case Fault.CUT_AFTER:
                await upstream.carry_out(request)
                return cut(request)
            case fault:
                return _refused(fault)

    with proxied(kubeconfig, folder, handle) as faults.kubeconfig:
        yield faults


def _refused(fault: Fault) -> web.Response:
    status = {"kind": "Status", "reason": fault.name.title(), "message": "spoiled by the test"}
    headers = {"Retry-After": "1"} if fault is Fault.THROTTLED else {}
    return web.json_response(status, status=int(fault.value), headers=headers)
