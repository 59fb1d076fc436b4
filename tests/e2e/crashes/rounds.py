"""One kill for many: everybody is stopped at a call of their own, the server dies, and each is judged."""

import random
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from http.client import HTTPException

from tests.e2e.crashes.scenarios import LEADING, POLICY_ROLES, Scenario
from tests.e2e.crashes.stage import LEASE, PATIENCE, RULES, Stage, account_of
from tests.support.crashing import Stop, Subject, When
from tests.support.oracle.invariants import left_over, meddled, misdirected, too_much, undone
from tests.support.oracle.invariants import unrecorded as without_record
from tests.support.waiting import eventually

LONGEST_HOLD = 3.5
"""Seconds that calls are stopped at most: after 5 the program gives a call up."""

QUIET = 1.5
"""Seconds without a call, after which no more is waited for: what is stopped stands in the way."""

CHANCES = 3
"""Rounds for calls that are made a second time (`#2`): whether a status is told once or twice is a matter of
what was heard before the first. A call that is always made must be made in each."""

ASK_AGAIN = 20.0
"""Seconds in which a repeated request must succeed, should it be told to come again."""


@dataclass(frozen=True)
class Case:
    scenario: Scenario
    stop: Stop

    def __str__(self) -> str:
        return f"{self.scenario.name}, killed {self.stop}"


def learned(stage: Stage, scenario: Scenario, events: bool) -> list[Case]:
    """A case before and one after each call that the scenario really makes, when all goes well."""
    subject = _subject(stage, scenario)
    scenario.prepare(stage, subject.name)
    stage.rest()
    stage.crashing.watch([subject])
    assert scenario.act(stage, subject.name) in scenario.success, scenario.name
    made = stage.crashing.made[subject]
    assert eventually(lambda: made and scenario.right(stage, subject.name)), scenario.name
    stage.rest()
    calls = list(dict.fromkeys(made))
    if scenario is LEADING:
        calls = [call for call in calls if "#" not in call]  # It is renewed again and again.
    if not events:
        calls = [call for call in calls if "/events.k8s.io/" not in call]
    return [Case(scenario, Stop(call, when)) for call in calls for when in When]


def run(stage: Stage, cases: Iterable[Case], one_by_one: bool) -> int:
    """Run all cases in rounds; how often the server was killed.

    Whoever had to wait for others that were stopped has their turn in a later round. `one_by_one`
    is a kill for each case, and a dead leader's Lease that is waited for.
    """
    began, left, kills, in_vain = stage.oracle.mark(), list(cases), 0, 0
    accounts: list[str] = []
    while left:
        kills += 1
        now = left[:1] if one_by_one else _together(left)
        who = {case: _subject(stage, case.scenario) for case in now}
        accounts += [account_of(subject.name) for subject in who.values()]
        missed = _round(stage, who, free_the_lease=not one_by_one)
        in_vain = in_vain + 1 if len(missed) == len(now) else 0
        assert not in_vain or all("#" in case.stop.call for case in now), (
            f"none of these calls was made: {list(map(str, now))}"
        )
        if in_vain == CHANCES:
            missed, in_vain = [], 0
        left = missed + [case for case in left if case not in now]
    # Later kills must not have undone what was acknowledged after earlier ones.
    _judge(stage, began, accounts, ())
    return kills


def _together(cases: Sequence[Case]) -> list[Case]:
    """As many of these as can be stopped at the same time, each lane having its places."""
    found: list[Case] = []
    for case in cases:
        lane = case.scenario.lane
        if sum(one.scenario.lane == lane for one in found) < lane.places:
            found.append(case)
    return found


def _round(stage: Stage, who: Mapping[Case, Subject], free_the_lease: bool) -> list[Case]:
    """The cases whose call was not made before the server died."""
    began, cases = stage.oracle.mark(), list(who)
    with ThreadPoolExecutor(max(8, len(cases))) as hands:
        _each(hands, cases, lambda case: case.scenario.prepare(stage, who[case].name))
        stage.rest()
        stage.crashing.watch(who.values(), {who[case]: case.stop for case in cases})
        acts = {case: hands.submit(_act, stage, case, who[case]) for case in cases}
        held = _stopped(stage, len(cases))
        stage.kill()
        killed = time.monotonic()
        stage.crashing.release()
        wait(acts.values())
        stage.oracle.history(began)  # Everything has been heard of then.
        bindings = stage.bindings()
        for case in cases:
            allowed = case.scenario.held
            has = bindings.get(account_of(who[case].name), set())
            assert not has or any(has <= most for most in allowed), f"{case}: {has}"
        if free_the_lease:
            stage.free_the_lease()
        stage.start()
        stage.rest()
        clean = eventually(lambda: not left_over(stage.oracle.history()), PATIENCE)
        assert clean, left_over(stage.oracle.history())
        assert time.monotonic() - killed < PATIENCE
        _each(hands, cases, lambda case: _repeat(stage, case, who[case]))
    stage.rest()
    stage.policy_is_done()
    _judge(stage, began, [account_of(one.name) for one in who.values()], cases)
    return [case for case in cases if who[case] not in held]


def _subject(stage: Stage, scenario: Scenario) -> Subject:
    if scenario is LEADING:
        return Subject(LEASE)
    if scenario is POLICY_ROLES:
        return Subject(f"clusterroles/{RULES}")
    return stage.somebody(f"c{secrets.token_hex(5)}")


def _act(stage: Stage, case: Case, subject: Subject) -> object:
    try:
        return case.scenario.act(stage, subject.name)
    except (OSError, HTTPException):
        return 0  # The server died.


def _stopped(stage: Stage, many: int) -> set[Subject]:
    """Who is stopped, once everybody is, or nothing more happens, or it takes too long."""
    crashing, first = stage.crashing, 0.0
    while len(crashing.held) < many:
        now = time.monotonic()
        if crashing.held:
            first = first or now
            if now - first > LONGEST_HOLD or now - crashing.last > QUIET:
                break
        elif now - crashing.last > PATIENCE / 3:
            break
        time.sleep(0.02)
    return set(crashing.held)


def _repeat(stage: Stage, case: Case, subject: Subject) -> None:
    """The interrupted request succeeds, and all is as it should be."""
    status = eventually(
        lambda: (answer := case.scenario.act(stage, subject.name)) != 503 and (answer,), ASK_AGAIN
    )
    assert status, f"{case}: no answer but 503"
    assert status[0] in case.scenario.success, f"{case}: {status}"
    right = eventually(lambda: case.scenario.right(stage, subject.name), PATIENCE)
    assert right, f"{case}: {stage.roles(subject.name)} {stage.crashing.made.get(subject)}"


def _judge(stage: Stage, since: int, accounts: list[str], cases: Sequence[Case]) -> None:
    history = stage.oracle.history(since)
    found = [
        *too_much(history, stage.ledger, accounts),
        *undone(history, stage.ledger),
        *meddled(history),
        *misdirected(history),
        *without_record(history, stage.client.audited()),
    ]
    assert not found, [*found, *map(str, cases)]


def _each(hands: ThreadPoolExecutor, cases: Sequence[Case], step: Callable[[Case], object]) -> None:
    for done in [hands.submit(step, case) for case in cases]:
        done.result()


def shuffled(cases: Iterable[Case], seed: int) -> list[Case]:
    mixed = list(cases)
    random.Random(seed).shuffle(mixed)
    return mixed
