"""Settling in the background: each account once, and one that waits holds up nobody."""

import asyncio

import pytest

from jwt_to_rbac.controllers.settling import AFTER_LOGINS, LATEST, Settling
from jwt_to_rbac.core.errors import Code, Outage
from jwt_to_rbac.logs import Stderr, make_log

LOG = make_log("error", "json", False, Stderr())


async def test_an_account_that_waits_for_the_cluster_does_not_hold_up_the_others() -> None:
    tried: dict[str, int] = {}
    here_done = asyncio.Event()

    async def settle(name: str, login_at: float | None) -> None:
        tried[name] = tried.get(name, 0) + 1
        if name.startswith("away") and tried[name] == 1:
            raise Outage(Code.CLUSTER_UNAVAILABLE, "away", retry_after=0.0)
        if sum(one.startswith("here") for one in tried) == 10:
            here_done.set()

    settling = Settling(settle, LOG)
    for n in range(AFTER_LOGINS + 1):
        settling.later(f"away{n}", None)
    for n in range(10):
        settling.later(f"here{n}", None)
    running = asyncio.create_task(settling.run())
    await asyncio.wait_for(here_done.wait(), 5)
    assert not any(n > 1 for n in tried.values()), "others waited for their pauses"
    await asyncio.wait_for(settling.idle.wait(), 10)
    assert all(tried[f"away{n}"] == 2 for n in range(AFTER_LOGINS + 1))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_who_waits_to_be_tried_again_is_counted_and_asked_for_anew_is_tried_at_once() -> None:
    seen: list[tuple[str, float | None]] = []
    tried = asyncio.Event()

    async def settle(name: str, login_at: float | None) -> None:
        seen.append((name, login_at))
        tried.set()
        if len(seen) == 1:
            raise Outage(Code.CLUSTER_UNAVAILABLE, "away", retry_after=3600.0)

    settling = Settling(settle, LOG)
    running = asyncio.create_task(settling.run())
    settling.later("leaver", 7.0, urgent=True)
    await asyncio.wait_for(tried.wait(), 5)
    assert (settling.depth, settling.urgent, settling.idle.is_set()) == (1, 1, False)
    settling.later("leaver", None)
    assert (settling.depth, settling.urgent) == (1, 1), "it is one account still, and as urgent"
    await asyncio.wait_for(settling.idle.wait(), 5)
    assert (settling.depth, seen) == (0, [("leaver", 7.0)] * 2)
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


async def test_what_takes_access_away_goes_ahead_of_the_others_also_when_it_is_tried_again() -> (
    None
):
    seen: list[str] = []

    async def settle(name: str, login_at: float | None) -> None:
        seen.append(name)
        if name == "leaver" and seen.count("leaver") == 1:
            raise Outage(Code.CLUSTER_UNAVAILABLE, "away", retry_after=0.0)
        if seen.count("leaver") == 1:
            settling.later(f"{len(seen)}", None)  # There is always somebody who waits.
            await asyncio.sleep(0)

    settling = Settling(settle, LOG, at_once=1)
    settling.later("newcomer", None)
    settling.later("leaver", None, urgent=True)
    running = asyncio.create_task(settling.run())
    await asyncio.wait_for(settling.idle.wait(), 10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert seen[:2] == ["leaver", "newcomer"]
    assert seen.count("leaver") == 2
    assert seen[-2] == "leaver"


@pytest.mark.parametrize("why", ["logins ended", "it waited for long"])
async def test_what_only_tells_waits_for_logins_but_not_for_ever_and_nothing_urgent_does(
    why: str,
) -> None:
    seen: list[str] = []
    first, now, logins = asyncio.Event(), [100.0], [1]

    async def settle(name: str, login_at: float | None) -> None:
        seen.append(name)
        first.set()

    settling = Settling(settle, LOG, may_wait=lambda name: bool(logins[0]), clock=lambda: now[0])
    running = asyncio.create_task(settling.run())
    settling.later("newcomer", 1.0)
    settling.later("leaver", None, urgent=True)
    await asyncio.wait_for(first.wait(), 5)
    now[0] += LATEST - 1
    await asyncio.sleep(0)
    assert seen == ["leaver"]
    if why == "logins ended":
        logins[0] = 0
    else:
        now[0] += 1
    await asyncio.wait_for(settling.idle.wait(), 5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert seen == ["leaver", "newcomer"]
