"""What people and administrators do at the replicas, and what befalls these.

By hand: see `by_hand`. What ends by itself: see `by_time`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from jwt_to_rbac.core.times import rfc3339
from tests.histories import by_hand, by_time
from tests.histories.person import Person
from tests.histories.playing import Act, Play
from tests.histories.policies import POLICIES
from tests.histories.steps import BY_HAND, Step
from tests.support.oracle.ledger import Barred, Revoked

LEASE = 4.0
"""Seconds after which another takes a silent leader's place."""


async def log_in(play: Play, step: Step) -> None:
    await _show_newer(play, step, {})


async def log_in_for_a_token(play: Play, step: Step) -> None:
    await _show_newer(play, step, {"duration": "1h"})


async def _show_newer(play: Play, step: Step, more: dict[str, object]) -> None:
    person = play.people[step.who]
    async with person.beside_others(step.at):
        issued_at = person.next_token(step.groups, play.club)
        await _show(play, step, issued_at, person.token, more)


async def _show(
    play: Play, step: Step, issued_at: int, token: str, more: dict[str, object]
) -> None:
    async def ask() -> int:
        status, _ = await play.ask(step, "POST", "/rbac/", body={"token": token} | more)
        return status

    await play.show(step, issued_at, ask)


async def show_an_older_token(play: Play, step: Step) -> None:
    """One that nobody has shown before."""
    person = play.people[step.who]
    async with person.beside_others(step.at):
        issued_at = person.issued_at - 1 - step.number
        await _show(play, step, issued_at, person.signed(issued_at, step.groups, play.club), {})


async def show_the_same_token(play: Play, step: Step) -> None:
    person = play.people[step.who]
    async with person.beside_others(step.at):
        again = Step(step.what, step.who, step.at, person.groups, step.number, step.beside)
        if person.token:
            await _show(play, again, person.issued_at, person.token, {})


async def fetch_a_token(play: Play, step: Step) -> None:
    await _fetch(play, step, "GET", f"/tokens/{play.people[step.who].account}", None)


async def begin_a_short_session(play: Play, step: Step) -> None:
    """It ends by itself while the history goes on, or soon after."""
    seconds = step.number + 1
    begun = await _fetch(play, step, "POST", "/api/v1/sessions", {"duration": f"{seconds}s"})
    if isinstance(begun, dict) and "name" in begun:
        play.ends[begun["name"]] = time.time() + seconds


async def _fetch(play: Play, step: Step, method: str, path: str, body: object) -> object:
    """With the newest token, which is a login too; the answer."""
    person, found = play.people[step.who], None
    async with person.beside_others(step.at):
        # As it is now: another step may have the issuer sign a newer one at any moment.
        token, issued_at, groups = person.token, person.issued_at, person.groups
        again = Step(step.what, step.who, step.at, groups, step.number, step.beside)

        async def ask() -> int:
            nonlocal found
            status, found = await play.ask(step, method, path, token, body)
            return status

        if token:
            await play.show(again, issued_at, ask)
    return found


async def end_the_sessions(play: Play, step: Step) -> None:
    person = play.people[step.who]
    async with person.beside_others(step.at):
        path = f"/api/v1/people/{person.account}/sessions"
        await play.ask(step, "DELETE", path, play.world.administrator)


async def leave(play: Play, step: Step) -> None:
    """Whoever has nothing to lose is refused."""
    person = play.people[step.who]
    async with person.beside_others(step.at):
        await _revoke(play, step, person, f"/rbac/{person.account}", person.token)


async def revoke(play: Play, step: Step) -> None:
    person = play.people[step.who]
    async with person.beside_others(step.at):
        path = f"/api/v1/people/{person.account}"
        await _revoke(play, step, person, path, play.world.administrator)


async def _revoke(play: Play, step: Step, person: Person, path: str, bearer: str) -> None:
    with _revoking(play, [person], await play.world.cluster.version()) as revoked:
        status, _ = await play.ask(step, "DELETE", path, bearer)
        if status == 202:
            revoked[person.account] = await play.world.cluster.version()


async def revoke_everybody(play: Play, step: Step) -> None:
    """Of this history: they are in a group of their own."""
    async with _all_of(play.people, step.at):
        before = await play.world.cluster.version()
        with _revoking(play, play.people, before) as revoked:
            path = f"/api/v1/people?group={play.club}"
            status, found = await play.ask(step, "DELETE", path, play.world.administrator)
            if status == 200 and isinstance(found, dict):
                version = await play.world.cluster.version()
                revoked |= dict.fromkeys(found["revoked"], version)


@contextmanager
def _revoking(play: Play, people: list[Person], before: int) -> Iterator[dict[str, int]]:
    """To be filled with the accounts that were revoked, and the version after that.

    Tokens of before are of no use then, nor are those that were taken, however young.
    """
    until = {one.account: max(int(time.time()), one.taken) for one in people}
    for one in people:
        play.end_bars(one.account, before)
    revoked: dict[str, int] = {}
    yield revoked
    for one in people:
        if one.account in revoked:
            last = until[one.account]
            play.ledger.revoked.append(Revoked(one.account, last, revoked[one.account]))
            one.revoked_until = max(one.revoked_until, last)


async def suspend(play: Play, step: Step) -> None:
    await _decide(play, step, {"suspended": True}, bars=True)


async def resume(play: Play, step: Step) -> None:
    await _decide(play, step, {"suspended": False}, bars=False)


async def set_an_end(play: Play, step: Step) -> None:
    """Of a moment ago, and so at once."""
    await _decide(play, step, {"expiresAt": rfc3339(time.time() - 1)}, bars=True)


async def take_the_end_away(play: Play, step: Step) -> None:
    await _decide(play, step, {"expiresAt": None}, bars=False)


async def _decide(play: Play, step: Step, patch: dict[str, object], bars: bool) -> None:
    person, world = play.people[step.who], play.world
    async with person.alone(step.at):
        before = await world.cluster.version()
        path = f"/api/v1/people/{person.account}"
        status, _ = await play.ask(step, "PATCH", path, world.administrator, patch)
        if not bars:
            play.end_bars(person.account, before)
        elif status == 200:
            play.ledger.barred.append(Barred(person.account, await world.cluster.version()))


async def change_the_policy(play: Play, step: Step) -> None:
    await play.world.change_policy(step.number % len(POLICIES))


async def kill(play: Play, step: Step) -> None:
    await play.world.kill(step.at)


async def kill_the_leader(play: Play, step: Step) -> None:
    await play.world.kill(await play.world.leader())


async def kill_both(play: Play, step: Step) -> None:
    await play.world.kill(0, 1)


async def pause(play: Play, step: Step) -> None:
    await play.world.pause(step.at, 0.5 + step.number / 2)


async def pause_the_leader(play: Play, step: Step) -> None:
    """Until another leads: it wakes up as one that has led."""
    await play.world.pause(await play.world.leader(), LEASE + 0.5 + step.number / 5)


class _all_of:  # noqa: N801  (as a function)
    """All people's `beside_others` at once."""

    def __init__(self, people: list[Person], at: int) -> None:
        self._each = [one.beside_others(at) for one in people]

    async def __aenter__(self) -> None:
        for one in self._each:
            await one.__aenter__()

    async def __aexit__(self, *trouble: object) -> None:
        for one in self._each:
            await one.__aexit__(None, None, None)


ACTS: dict[str, Act] = {
    one.__name__: one
    for one in (
        log_in,
        log_in_for_a_token,
        show_an_older_token,
        show_the_same_token,
        fetch_a_token,
        begin_a_short_session,
        end_the_sessions,
        leave,
        revoke,
        revoke_everybody,
        suspend,
        resume,
        set_an_end,
        take_the_end_away,
        change_the_policy,
        kill,
        kill_the_leader,
        kill_both,
        pause,
        pause_the_leader,
        by_time.let_days_go_by,
        *(getattr(by_hand, name) for name in BY_HAND),
    )
}
