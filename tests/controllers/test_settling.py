"""Settling in the background: each account once, and one that waits holds up nobody."""

import asyncio

from jwt_to_rbac.controllers.settling import AT_ONCE, Settling
from jwt_to_rbac.core.errors import Code, Outage
from jwt_to_rbac.logs import Stderr, make_log

LOG = make_log("error", "json", False, Stderr())


async def test_an_account_that_waits_for_the_cluster_does_not_hold_up_the_others() -> None:
    tried: dict[str, int] = {}
    all_done = asyncio.Event()

    async def settle(name: str, login_at: float | None) -> None:
        tried[name] = tried.get(name, 0) + 1
        if name.startswith("away") and tried[name] == 1:
            raise Outage(Code.CLUSTER_UNAVAILABLE, "away", retry_after=0.0)
        if len(tried) > 10 and all(n > 1 for name, n in tried.items() if name.startswith("away")):
            all_done.set()

    settling = Settling(settle, LOG)
    for n in range(AT_ONCE + 1):
        settling.later(f"away{n}", None)
    for n in range(10):
        settling.later(f"here{n}", None)
    running = asyncio.create_task(settling.run())
    await asyncio.wait_for(settling.idle.wait(), 5)
    assert {name for name in tried if name.startswith("here")} == {f"here{n}" for n in range(10)}
    await asyncio.wait_for(all_done.wait(), 10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_many_wishes_for_one_account_become_one_and_keep_the_login() -> None:
    seen: list[tuple[str, float | None]] = []

    async def settle(name: str, login_at: float | None) -> None:
        seen.append((name, login_at))

    settling = Settling(settle, LOG)
    for login_at in (1.0, 2.0, None):
        settling.later("jane", login_at)
    running = asyncio.create_task(settling.run())
    await asyncio.wait_for(settling.idle.wait(), 5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert seen == [("jane", 2.0)]
