"""A day's worth of logins at speed: everybody logs in, renews by the same and by a new ID token, and logs out."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.scale.crowd import Crowd, each
from bench.scale.process import Held, held, metrics
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.connections import Connections
from tests.support.issuer import ManyPeople

IN_FLIGHT = 16
REQUESTS = 4
"""Of one person."""


@dataclass(frozen=True)
class Day:
    """What was asked, in how many seconds, and what the process held before and after."""

    requests: int
    seconds: float
    before: Held
    after: Held
    objects_before: dict[str, int]
    objects_after: dict[str, int]


async def objects(crowd: Crowd) -> dict[str, int]:
    """How many objects of each kind there are, by what the API server says."""
    namespace = crowd.cluster.namespace
    kinds = (
        paths.GRANTS,
        paths.service_accounts(namespace),
        paths.secrets(namespace),
        paths.CLUSTER_ROLE_BINDINGS,
        paths.ROLE_BINDINGS,
    )
    return {path.rpartition("/")[2]: await _count(crowd, path) for path in kinds}


async def _count(crowd: Crowd, path: str) -> int:
    reply = await crowd.session.call("GET", f"{path}?limit=1")
    listed = json.loads(reply.body)
    return len(listed["items"]) + int(listed["metadata"].get("remainingItemCount", 0))


async def replay(
    crowd: Crowd, http: Connections, pid: int, names: Sequence[str], warm_up: int
) -> Day:
    """A day of the people `names`, once a first `warm_up` of them have had theirs."""
    await each(names[:warm_up], lambda name: _persons_day(http, crowd.issuer, name), IN_FLIGHT)
    await calm(http)
    before, objects_before = held(pid), await objects(crowd)
    began = time.perf_counter()
    rest = names[warm_up:]
    await each(rest, lambda name: _persons_day(http, crowd.issuer, name), IN_FLIGHT)
    seconds = time.perf_counter() - began
    await calm(http)
    return Day(
        REQUESTS * len(rest), seconds, before, held(pid), objects_before, await objects(crowd)
    )


async def _persons_day(http: Connections, issuer: ManyPeople, name: str) -> None:
    now = issuer.now()
    first, second = (issuer.token(name, iat=now - ago) for ago in (60, 30))
    session = await _session(http, first, {"device": "laptop"})
    for token in (first, second):
        await _session(http, token, {"session": session})
    path = f"/api/v1/people/{name}-example-com/sessions/{session}"
    await _ask(http, "DELETE", path, second)


async def _session(http: Connections, token: str, wish: dict[str, str]) -> str:
    return str((await _ask(http, "POST", "/api/v1/sessions", token, wish))["name"])


async def _ask(
    http: Connections, method: str, path: str, bearer: str, body: object = None
) -> dict[str, object]:
    """The answer; who is told to come again does."""
    data = b"" if body is None else json.dumps(body).encode()
    while True:
        reply = await http.ask(method, path, {"Authorization": f"Bearer {bearer}"}, data)
        if reply.status in (429, 503):
            await asyncio.sleep(float(reply.retry_after))
            continue
        assert reply.status < 300, f"{method} {path}: {reply.status} {reply.body!r}"
        return dict(json.loads(reply.body)) if reply.body else {}


async def calm(http: Connections, seconds: float = 300.0) -> None:
    """Return once this process leads and nothing waits to be done."""
    async with asyncio.timeout(seconds):
        while True:
            now = await metrics(http)
            waits = (
                now["jwt_to_rbac_settling_queue_depth"],
                now["jwt_to_rbac_unattended_queue_depth"],
            )
            if now["jwt_to_rbac_leader"] and not any(waits):
                return
            await asyncio.sleep(0.1)
