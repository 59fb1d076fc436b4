"""One leader at a time on a real Lease, whatever each replica's clock says, and however fast it goes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import structlog

from jwt_to_rbac.controllers.leadership import Leadership
from jwt_to_rbac.core.errors import Code, Outage
from jwt_to_rbac.kube.lease import KubeLease
from jwt_to_rbac.kube.session import KubeSession, load_configuration
from jwt_to_rbac.ports import Held
from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import kubectl

HOURS = 5 * 3600.0
NAMESPACE = "leaders-by-clocks"


class Cuttable(KubeLease):
    """The API server's Lease, until `cut`: then nothing gets there any more. Counts what did."""

    cut = False
    looked = taken = 0

    async def read(self) -> Held:
        self._reach()
        found = await super().read()
        self.looked += 1
        return found

    async def take(self, held: Held, holder: str, seconds: int) -> Held:
        self._reach()
        made = await super().take(held, holder, seconds)
        self.taken += 1
        return made

    async def release(self, held: Held) -> None:
        self._reach()
        await super().release(held)

    def _reach(self) -> None:
        if self.cut:
            raise Outage(Code.CLUSTER_UNAVAILABLE, "cut off")


@dataclass
class Replica:
    lease: Cuttable
    leadership: Leadership

    def leads(self) -> bool:
        return self.leadership.still_leading()


def clock(ahead: float, speed: float) -> Callable[[], float]:
    return lambda: ahead + speed * time.monotonic()


@pytest.fixture
def namespace(sandbox: Sandbox) -> Iterator[None]:
    kubectl(sandbox, "create", "namespace", NAMESPACE)
    yield
    kubectl(sandbox, "delete", "namespace", NAMESPACE, "--wait=false")


@asynccontextmanager
async def running(
    sandbox: Sandbox, name: str, clock: Callable[[], float]
) -> AsyncIterator[Replica]:
    """A replica that competes, with all that it has of its own."""
    session = KubeSession(await load_configuration(str(sandbox.kubeconfig)))
    lease = Cuttable(session, NAMESPACE, clock)
    leadership = Leadership(lease, name, structlog.get_logger(), clock)
    task = asyncio.create_task(leadership.run(lambda: asyncio.sleep(1000)))
    try:
        yield Replica(lease, leadership)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await session.close()


@pytest.mark.usefixtures("namespace")
async def test_clocks_that_differ_in_time_and_speed_never_make_two_leaders(
    sandbox: Sandbox,
) -> None:
    """The first one's clock is slow, so that it leads for longer; the other's fast: it waits less."""
    async with (
        running(sandbox, "slow", clock(HOURS, 0.9)) as slow,
        asyncio.timeout(30),
    ):
        await until(slow.leads)
        async with running(sandbox, "fast", clock(-HOURS, 1.15)) as fast:
            renewed, looked = slow.lease.taken, fast.lease.looked
            await until(lambda: slow.lease.taken > renewed + 1 and fast.lease.looked > looked + 1)
            assert slow.leads()
            assert not fast.leads()

            slow.lease.cut = True
            await until(fast.leads)
            assert not slow.leads(), "two lead at once"

            # Back again, it waits its turn.
            slow.lease.cut, looked = False, slow.lease.looked
            await until(lambda: slow.lease.looked > looked + 1)
            assert fast.leads()
            assert not slow.leads()


async def until(condition: Callable[[], bool]) -> None:
    """Looks often, so that little happens between a change and the look."""
    while not condition():  # noqa: ASYNC110  (no event tells of a clock)
        await asyncio.sleep(0.001)
