"""What `make scale` measures with thousands of people, with few of them: what doesn't depend on the machine's speed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.scale.measure import measure
from jwt_to_rbac.controllers.unattended import AT_ONCE
from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import clear, install
from tests.support.issuer import many_people

PEOPLE = 120


@pytest.fixture(autouse=True)
def nobody(sandbox: Sandbox) -> Iterator[None]:
    install(sandbox)
    clear(sandbox)
    yield
    clear(sandbox)


async def test_a_changed_policy_takes_from_everybody_first_and_a_day_of_logins_leaves_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with many_people() as issuer:
        measured = await measure(sandbox, issuer, tmp_path, PEOPLE)

    records = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    repairs = [one["held"] for one in records if one["event"] == "repair"]
    taking = [n for n, held in enumerate(repairs) if "edit@cluster" in held]
    giving = [n for n, held in enumerate(repairs) if "edit@cluster" not in held]
    assert len(taking) == len(giving) == PEOPLE
    assert taking[-1] < giving[0] + AT_ONCE, "somebody was given before others had lost"
    assert measured.applied.writes < 3.5 * PEOPLE
    halfway = [n for n in measured.applied.depths if PEOPLE / 4 < n < PEOPLE * 3 / 4]
    assert halfway, f"nobody sees how far it is: {measured.applied.depths}"

    before, after = measured.day.before, measured.day.after
    assert measured.day.objects_after == measured.day.objects_before
    assert after.memory < before.memory + 10
    assert after.peak < 250
    assert after.threads <= before.threads + 2
    assert measured.tasks[1] <= measured.tasks[0] + 2
