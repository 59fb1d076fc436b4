"""When a leader looks at an account whose access ends, or has ended: at that time, and then no more."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from jwt_to_rbac.controllers import timers, unattended
from jwt_to_rbac.controllers.unattended import Unattended
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.logs import Stderr, make_log
from jwt_to_rbac.ports import Cluster
from jwt_to_rbac.usecases.settle import Due, Settle

from .cluster import RightCluster

LOG = make_log("error", "json", False, Stderr())
WHO = "janedoe-example-com"


class _Ending:
    """Notes when the account was settled, by a clock that each time moves on by `takes`; access ends at `end`."""

    def __init__(self, end: float, takes: float = 0.0) -> None:
        self.now = 1000.0
        self.settled: list[float] = []
        self._end = end
        self._takes = takes

    def clock(self) -> float:
        return self.now

    def policy(self) -> Policy:
        return Policy(())

    def refused(self, account: object) -> None:
        return None

    def due(self, name: str) -> Due:
        return Due.NOTHING

    def ends_at(self, name: str) -> float:
        return self._end

    def lacks_first_status_alone(self, name: str) -> bool:
        return False

    async def step(self, name: str, login_at: float | None) -> bool:
        self.settled.append(self.now)
        self.now += self._takes
        return False


async def settled(ending: _Ending, changed: Callable[[Unattended], None]) -> list[float]:
    """When the account was settled in a term in which `changed` is heard."""
    leader = Unattended(cast(Cluster, RightCluster(WHO)), cast(Settle, ending), LOG, ending.clock)
    term = asyncio.create_task(leader.term())
    await asyncio.sleep(0)
    changed(leader)
    # SOON, as set below, is over after some of these; a timer that goes off again and again needs
    # no time at all, only turns of the loop.
    for _ in range(500):
        await asyncio.sleep(0.0001)
    term.cancel()
    await asyncio.gather(term, return_exceptions=True)
    return ending.settled


def nothing(_: Unattended) -> None:
    pass


def owned(leader: Unattended) -> None:
    leader.owned_changed(WHO)


def grant(leader: Unattended) -> None:
    leader.grant_changed(WHO)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unattended, "SOON", 0.005)
    monkeypatch.setattr(timers, "LONGEST_SLEEP", 0.005)


@pytest.mark.parametrize(
    ("changed", "looks"),
    [
        pytest.param(nothing, 0, id="found so at the beginning"),
        pytest.param(owned, 1, id="something of theirs changes"),
        pytest.param(grant, 2, id="the AccessGrant changes"),  # at once, and soon after
    ],
)
async def test_whose_access_has_ended_costs_nothing_any_more_when(
    changed: Callable[[Unattended], None], looks: int
) -> None:
    assert len(await settled(_Ending(end=400.0), changed)) <= looks


async def test_whose_access_ends_while_they_are_settled_are_settled_again() -> None:
    assert await settled(_Ending(end=1010.0, takes=11.0), owned) == [1000.0, 1011.0]


async def test_whose_access_has_not_ended_are_not_settled_for_that() -> None:
    assert await settled(_Ending(end=1010.0, takes=1.0), owned) == [1000.0]
