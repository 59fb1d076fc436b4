"""`make demo CLUSTER=current`: it asks first, touches nothing of others, and leaves nothing behind."""

import io
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Options, Sandbox, start
from jwt_to_rbac.sandbox.demo.borrowed import Borrowed
from jwt_to_rbac.sandbox.demo.jane import tell_jane
from jwt_to_rbac.sandbox.demo.story import on_the_cluster
from jwt_to_rbac.sandbox.demo.telling import StepFailed, Teller
from jwt_to_rbac.sandbox.demo.terminal import Terminal
from tests.demo.running import run_demo, running_demo
from tests.support.cluster import kubectl
from tests.support.waiting import eventually

CURRENT = ("--once", "--cluster", "current")
# Other programs write these whenever they like.
RESTLESS = ("events", "leases", "endpoints")


@pytest.fixture(scope="module")
def theirs() -> Iterator[Sandbox]:
    """Somebody's cluster, which kubectl uses at the moment."""
    with start(Options(directory="built-in")) as running:
        yield running


@pytest.fixture
def environment(theirs: Sandbox) -> dict[str, str]:
    return {"KUBECONFIG": str(theirs.kubeconfig)}


def everything(cluster: Sandbox) -> set[str]:
    """The name of every object of every kind on the cluster."""
    listed = kubectl(cluster, "api-resources", "--verbs=list", "-o", "name").split()
    kinds = [kind for kind in listed if kind.partition(".")[0] not in RESTLESS]
    line = "{range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{'\\n'}{end}"
    found = kubectl(cluster, "get", ",".join(kinds), "-A", "-o", f"jsonpath={line}")
    return set(found.splitlines())


@pytest.mark.parametrize(
    ("answer", "is_yes"),
    [
        pytest.param("yes", True, id="yes"),
        pytest.param(" Yes ", True, id="capital-yes"),
        pytest.param("kind-test", True, id="the-name"),
        pytest.param("y", False, id="a-hasty-y"),
        pytest.param("", False, id="enter"),
        pytest.param("no", False, id="no"),
        pytest.param("kind", False, id="another-name"),
    ],
)
def test_only_yes_or_the_name_of_the_context_is_a_yes(answer: str, is_yes: bool) -> None:
    told = io.StringIO()
    borrowed = Borrowed("kind-test", "https://127.0.0.1:1", "")
    assert borrowed.may_be_used(Teller(Terminal(told)), lambda _: answer) is is_yes
    assert "context  kind-test" in told.getvalue()
    assert "server   https://127.0.0.1:1" in told.getvalue()


@pytest.mark.parametrize(
    "said", [pytest.param("no\n", id="no"), pytest.param("", id="end-of-input")]
)
def test_without_a_yes_nothing_is_changed(
    theirs: Sandbox, environment: dict[str, str], said: str
) -> None:
    before = everything(theirs)
    done = run_demo(*CURRENT, said=said, environment=environment)
    assert done.code == 1
    assert "context  sandbox" in done.output
    assert f"server   {theirs.api_server}" in done.output
    assert "Nothing was done." in done.output
    assert everything(theirs) == before


def test_the_story_is_told_there_and_nothing_is_left_behind(
    theirs: Sandbox, environment: dict[str, str]
) -> None:
    before = everything(theirs)
    done = run_demo(*CURRENT, said="yes\n", environment=environment)
    assert done.code == 0, done.output
    assert "What was made on sandbox is removed" in done.output
    assert "kube-apiserver" not in done.output.partition("The cluster is made ready")[0]
    assert eventually(lambda: everything(theirs) == before), everything(theirs) ^ before


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_behind_when_it_is_ended_half_way(
    theirs: Sandbox, environment: dict[str, str], by: signal.Signals
) -> None:
    before = everything(theirs)
    with running_demo(*CURRENT, said="yes\n", environment=environment) as demo:
        assert demo.until(lambda line: "Jane fetches a token" in line)
        assert everything(theirs) != before
        done = demo.end(by)
    assert done.code == 128 + by
    assert "nothing of it is left" in done.output
    assert eventually(lambda: everything(theirs) == before), everything(theirs) ^ before


def test_nothing_is_left_behind_when_a_step_goes_wrong(theirs: Sandbox) -> None:
    before = everything(theirs)
    borrowed = Borrowed("theirs", theirs.api_server, kubectl(theirs, *_VIEW))
    teller = Teller(Terminal(io.StringIO()))

    def told_until_dex_stops() -> None:
        with on_the_cluster(teller, sandbox, borrowed) as stage:
            sandbox.stop("dex")
            tell_jane(stage)

    options = Options(directory="built-in", control_plane=False)
    with start(options) as sandbox, pytest.raises(StepFailed, match="Jane proves"):
        told_until_dex_stops()
    assert eventually(lambda: everything(theirs) == before), everything(theirs) ^ before


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(("namespace", "jwt-to-rbac-users"), id="the-namespace"),
        pytest.param(
            ("clusterrole", "developers-from-jwt", "--verb=get", "--resource=pods"), id="role"
        ),
    ],
)
def test_what_others_installed_is_left_alone(
    theirs: Sandbox, environment: dict[str, str], made: tuple[str, ...]
) -> None:
    kubectl(theirs, "create", *made)
    before = everything(theirs)
    done = run_demo(*CURRENT, said="yes\n", environment=environment)
    try:
        assert done.code == 1
        assert "the demo leaves it alone" in " ".join(done.output.split())
        assert everything(theirs) >= before
    finally:
        kubectl(theirs, "delete", *made[:2])


def test_without_a_context_in_use_it_says_so(tmp_path: Path) -> None:
    nowhere = tmp_path / "kubeconfig"
    nowhere.touch()
    done = run_demo(*CURRENT, said="yes\n", environment={"KUBECONFIG": str(nowhere)})
    assert done.code == 1
    assert "✗ kubectl has no context in use" in done.output


_VIEW = ("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
