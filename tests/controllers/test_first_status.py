"""A leader leaves somebody's first status to the replica where they logged in, and nothing else."""

import asyncio
import time
from typing import cast

import pytest

from jwt_to_rbac.controllers import unattended
from jwt_to_rbac.controllers.unattended import Unattended
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.logs import Stderr, make_log
from jwt_to_rbac.ports import Cluster
from jwt_to_rbac.usecases.settle import Settle

from .cluster import RightCluster

LOG = make_log("error", "json", False, Stderr())


class _Looks:
    """Notes who is looked after, in order."""

    def __init__(self, untold: str, enough: int) -> None:
        self.seen: list[str] = []
        self.done = asyncio.Event()
        self._untold = untold
        self._enough = enough

    def policy(self) -> Policy:
        return Policy(())

    def refused(self, account: object) -> None:
        return None

    def ends_at(self, name: str) -> None:
        return None

    def lacks_first_status_alone(self, name: str) -> bool:
        return name == self._untold

    async def step(self, name: str, login_at: float | None) -> bool:
        self.seen.append(name)
        if len(self.seen) == self._enough:
            self.done.set()
        return False


async def test_who_only_lacks_a_first_status_is_looked_after_last_but_is_looked_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unattended, "SOON", 0.01)
    monkeypatch.setattr(unattended, "FIRST_STATUS", 0.3)
    looks = _Looks("newcomer", enough=2)
    leader = Unattended(cast(Cluster, RightCluster()), cast(Settle, looks), LOG, time.time)
    term = asyncio.create_task(leader.term())
    await asyncio.sleep(0)
    leader.grant_changed("newcomer")
    leader.owned_changed("newcomer")
    leader.grant_changed("changed")
    await asyncio.wait_for(looks.done.wait(), 10)
    term.cancel()
    await asyncio.gather(term, return_exceptions=True)
    assert looks.seen == ["changed", "newcomer"]
