"""Two replicas under a load of logins lose none: in a rolling update, by a deleted pod, by a killed leader.

NODE_ROUNDS=10 does each so often: `make test-node`, which tells how many logins that were.
"""

import os
import sys
from collections.abc import Iterator

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.node.chart.installed import Release, container_of
from tests.node.chart.logins import Came, Load, logins
from tests.support.cluster import kubectl
from tests.support.helm import NAMESPACE
from tests.support.waiting import eventually

ROUNDS = range(int(os.environ.get("NODE_ROUNDS", "1")))
PEOPLE = 8


@pytest.fixture
def load(release: Release, sandbox: Sandbox) -> Iterator[Load]:
    """Under way, with both replicas serving."""
    release.settled()
    tokens = [sandbox.id_token(name) for name in ("jane", "john")]
    with logins(release.url(), tokens, PEOPLE) as load:
        at_least(load, 100)
        yield load
        came = load.came()
        assert came.lost == 0, told(came)
        at_least(load, came.logins + 100)
        sys.stdout.write(f"{told(came)}, {came.lost} lost\n")


def at_least(load: Load, logins: int) -> None:
    assert eventually(lambda: load.came().logins >= logins, 60), told(load.came())


def told(came: Came) -> str:
    return f"{came.logins} logins, {came.repeated} repeated; {came.troubles[:10]}"


def test_many_at_once_keep_well_below_the_memory_limit(release: Release, load: Load) -> None:
    at_least(load, 2000)
    for pod, body in release.pods().items():
        assert body["spec"]["containers"][0]["resources"]["limits"]["memory"] == "256Mi"
        peak = release.peak_memory(pod)
        sys.stdout.write(f"at most {peak / 2**20:.0f} MB in {pod}\n")
        assert peak < 180 * 2**20
        assert container_of(body)["lastState"] == {}
    assert load.came().lost == 0


@pytest.mark.parametrize("number", ROUNDS)
def test_a_rolling_update_is_noticed_by_nobody(release: Release, load: Load, number: int) -> None:
    before = release.pods().keys()
    release.act("upgrade", podAnnotations={"update": str(number)})
    release.settled()
    assert not before & release.pods().keys()
    came = load.came()
    assert (came.lost, came.repeated) == (0, 0), told(came)


@pytest.mark.parametrize("number", ROUNDS)
def test_a_deleted_pod_is_missed_by_nobody(
    release: Release, sandbox: Sandbox, load: Load, number: int
) -> None:
    gone = list(release.pods())[number % 2]
    kubectl(sandbox, "delete", "pod", gone, "-n", NAMESPACE)
    release.settled()
    assert gone not in release.pods()
    came = load.came()
    assert (came.lost, came.repeated) == (0, 0), told(came)


@pytest.mark.parametrize("number", ROUNDS)
def test_a_killed_leaders_logins_succeed_elsewhere_and_another_leads(
    release: Release, load: Load, number: int
) -> None:
    leader = eventually(lambda: release.leader() in release.pods() and release.leader(), 30)
    assert leader, f"{release.leader()} leads, and has no pod"
    restarts = container_of(release.pods()[leader])["restartCount"]
    release.kill(leader)
    assert eventually(lambda: release.leader() != leader, 30), "nobody else leads"
    release.settled()
    assert container_of(release.pods()[leader])["restartCount"] == restarts + 1
    came = load.came()
    # What was in flight there, and who came before the Service knew, came again.
    assert came.lost == 0, told(came)
