"""Whatever people, administrators, hands and faults do at two replicas: the oracle holds, and all comes to rest.

The same few histories each time; `make histories` plays a thousand others.
"""

from pathlib import Path

from jwt_to_rbac.sandbox import Sandbox
from tests.histories.running import AT_ONCE, run
from tests.histories.steps import WEIGHTS, Step, made_of
from tests.histories.world import world
from tests.support.cluster import clear, install
from tests.support.issuer import many_people
from tests.support.oracle.recorder import recording

SEEDS = (5, 7, 8, 9, 23, 196, 585, 590, 780, 869, 985, 2204)
"""A few that do all that there is to do, and befall the replicas seldom: that is what takes time."""


async def test_random_histories_leave_everybody_with_what_they_should_have(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    install(sandbox)
    clear(sandbox)
    with many_people() as issuer, recording(sandbox.kubeconfig) as recorder:
        async with world(sandbox, issuer, recorder, tmp_path) as made:
            failures = await run(made, SEEDS, AT_ONCE, lambda seed, broken: None)
    assert not failures, "\n\n".join(map(str, failures))


def test_a_seed_always_makes_the_same_history() -> None:
    assert made_of(17) == made_of(17) != made_of(18)
    assert made_of(17)[0].what == "log_in"


def test_the_histories_of_the_suite_do_all_that_a_history_may_do() -> None:
    assert {step.what for seed in SEEDS for step in made_of(seed)} == WEIGHTS.keys()


def test_a_step_is_told_as_it_is_written() -> None:
    step = Step("log_in", who=1, groups=("admins",), beside=True)
    assert str(step) == "log_in(who=1, groups=('admins',), beside=True)"
