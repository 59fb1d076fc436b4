"""The server is killed before and after every single call that it makes: nothing is lost, nothing too much.

The calls are those that a first run makes, seen on the wire, so that new ones are covered without
anyone thinking of them. Events are left out: nothing follows from them. `make crashes` takes them
in too, kills once for each call instead of once for several, and waits out the dead leader's Lease.
"""

import os
import sys
from collections.abc import Iterator

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.crashes.rounds import Case, learned, run, shuffled
from tests.e2e.crashes.scenarios import (
    EXPIRY,
    LEADING,
    POLICY,
    POLICY_ROLES,
    REQUESTS,
    UNATTENDED,
)
from tests.e2e.crashes.stage import RULES, Stage, staged
from tests.support.cluster import clear, install, kubectl, names
from tests.support.issuer import ManyPeople
from tests.support.oracle.recorder import Recorder

pytestmark = pytest.mark.quiet

LONG = "CRASH_SEED" in os.environ
SEED = int(os.environ.get("CRASH_SEED", "1"))


@pytest.fixture(scope="module")
def administrator(sandbox: Sandbox) -> Iterator[str]:
    """A Kubernetes token for our audience of somebody who may do all."""
    who = "crash-admin"
    kubectl(sandbox, "create", "serviceaccount", who)
    may_all = ("--clusterrole=cluster-admin", f"--serviceaccount=default:{who}")
    kubectl(sandbox, "create", "clusterrolebinding", who, *may_all)
    lasting = ("--audience=jwt-to-rbac", "--duration=24h")
    yield kubectl(sandbox, "create", "token", who, *lasting).strip()
    kubectl(sandbox, "delete", "clusterrolebinding/crash-admin", "serviceaccount/crash-admin")


@pytest.fixture(scope="module")
def stage(
    sandbox: Sandbox,
    issuer: ManyPeople,
    oracle: Recorder,
    administrator: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    install(sandbox)
    clear(sandbox)
    folder = tmp_path_factory.mktemp("crashes")
    with staged(sandbox, issuer, oracle, folder, SEED, administrator) as made:
        yield made
    clear(sandbox)
    for role in names(sandbox, "clusterroles", "-l", "generatedby=jwttorbac"):
        if role.startswith(RULES):
            kubectl(sandbox, "delete", "clusterrole", role)


def killed(stage: Stage, cases: list[Case]) -> None:
    kills = run(stage, shuffled(cases, SEED), one_by_one=LONG)
    calls = sorted({f"{one.scenario.name}: {one.stop.call}" for one in cases})
    sys.stdout.write("\n".join([f"{len(cases)} cases, {kills} kills (seed {SEED})", *calls, ""]))


def test_killed_at_any_call_of_what_people_ask_for(stage: Stage) -> None:
    cases = [case for scenario in REQUESTS for case in learned(stage, scenario, LONG)]
    assert len(cases) >= 40, list(map(str, cases))
    killed(stage, cases)


@pytest.fixture
def without_garbage_collector(sandbox: Sandbox) -> Iterator[None]:
    """Else it may be faster, and the leader has nothing to do."""
    sandbox.stop("kube-controller-manager")
    yield
    sandbox.start("kube-controller-manager")


@pytest.mark.usefixtures("without_garbage_collector")
def test_killed_at_any_call_of_what_the_leader_does_unattended(stage: Stage) -> None:
    cases = [case for scenario in UNATTENDED for case in learned(stage, scenario, LONG)]
    cases += learned(stage, EXPIRY, LONG) + learned(stage, LEADING, LONG)
    assert len(cases) >= 24, list(map(str, cases))
    killed(stage, cases)


def test_killed_at_any_call_of_a_policy_change(stage: Stage) -> None:
    cases = learned(stage, POLICY, LONG) + learned(stage, POLICY_ROLES, LONG)
    assert len(cases) >= 10, list(map(str, cases))
    killed(stage, cases)
