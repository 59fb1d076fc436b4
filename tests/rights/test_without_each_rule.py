"""Of the chart's rules for the program each is needed: taken away, it alone, something fails, and is well with it again."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.rights.asked import Act, allowed, requests_of
from tests.rights.installation import USERS, Installed
from tests.rights.steps import FOLLOWED, NEEDED_FOR, Scene, Step
from tests.support.cluster import clear, get, kubectl, run_kubectl
from tests.support.server import READY_SECONDS
from tests.support.waiting import eventually

CLUSTER_INFO = Act("", "configmaps", "get", "kube-public")
PLACES = {"": ("clusterrole",)} | {
    there: ("role", "-n", there) for there in (USERS, "default", "kube-public")
}
"""By the namespace of an act: where the rule is that gives it."""


@pytest.fixture(scope="module")
def dynamic(installations: dict[str, Installed]) -> Installed:
    """With all that adds rights: its own roles, stored tokens, the web app."""
    return installations["dynamic"]


@pytest.fixture(scope="module")
def scene(dynamic: Installed) -> Iterator[Scene]:
    with dynamic.running() as client:
        leads = "\njwt_to_rbac_leader 1.0\n"
        assert eventually(lambda: leads in client.call("GET", "/metrics").text, 20)
        yield Scene(dynamic, client)
    clear(dynamic.sandbox)


@contextmanager
def without(installed: Installed, *acts: Act) -> Iterator[None]:
    """The rights that the chart gives but these; all of them again after."""
    with_all = {place: rules(installed, place) for place in {act.namespace for act in acts}}
    try:
        for place, all_of_them in with_all.items():
            lost = {(a.group, a.resource, a.verb) for a in acts if a.namespace == place}
            put(
                installed, place, [less for r in all_of_them if (less := reduced(r, lost))["verbs"]]
            )
        assert eventually(lambda: not any(may(installed, act) for act in acts))
        yield
    finally:
        for place, all_of_them in with_all.items():
            put(installed, place, all_of_them)
        assert eventually(lambda: all(may(installed, act) for act in acts))


def reduced(rule: dict[str, list[str]], lost: set[tuple[str, str, str]]) -> dict[str, list[str]]:
    ((group,), (resource,)) = rule["apiGroups"], rule["resources"]
    return rule | {"verbs": [v for v in rule["verbs"] if (group, resource, v) not in lost]}


def rules(installed: Installed, place: str) -> list[dict[str, list[str]]]:
    kind, *where = PLACES[place]
    found: list[dict[str, list[str]]] = get(installed.sandbox, kind, installed.name, *where)[
        "rules"
    ]
    return found


def put(installed: Installed, place: str, rules: list[dict[str, list[str]]]) -> None:
    kind, *where = PLACES[place]
    patch = ("--type=merge", "-p", json.dumps({"rules": rules}))
    kubectl(installed.sandbox, "patch", kind, installed.name, *where, *patch)


def may(installed: Installed, act: Act) -> bool:
    """Whether RBAC gives it now, on some object at least."""
    resource, _, part = act.resource.partition("/")
    named = {"clusterroles": "dynamic-developers-from-jwt", "leases": "jwt-to-rbac"}
    if act.verb in ("list", "watch"):
        named = {}
    name = "cluster-info" if act == CLUSTER_INFO else named.get(resource, "")
    what = f"{resource}.{act.group}/{name}" if act.group else f"{resource}/{name}"
    asked = ["auth", "can-i", act.verb, what.rstrip("/"), f"--subresource={part}"]
    asked += ["-n", act.namespace] if act.namespace else []
    sandbox = installed.sandbox
    whole = ["--kubeconfig", str(sandbox.kubeconfig), *asked, "--as", installed.username]
    return run_kubectl(sandbox, whole, check=False).stdout == "yes\n"


def refused(installed: Installed, folder: Path) -> Callable[..., bool]:
    """Asks whether the program was refused something (or this verb) about a resource since now."""
    before = sum(1 for _ in requests_of(installed, folder))

    def since(resource: str, verb: str = "") -> bool:
        new = islice(requests_of(installed, folder), before, None)
        return any(
            status == 403 and act.resource == resource and verb in ("", act.verb)
            for act, status in new
        )

    return since


def test_no_rule_is_without_a_step_that_needs_it(sandbox: Sandbox, dynamic: Installed) -> None:
    followed = {replace(act, verb=verb) for act in FOLLOWED for verb in ("list", "watch")}
    needed = {act for acts in NEEDED_FOR.values() for act in acts} | followed | {CLUSTER_INFO}
    assert allowed(sandbox, dynamic) == needed


@pytest.mark.parametrize("step", NEEDED_FOR, ids=lambda step: step.__name__)
def test_with_all_of_them(scene: Scene, step: Step) -> None:
    step(scene)


@pytest.mark.parametrize(
    ("step", "act"),
    [
        pytest.param(step, act, id=f"{act.verb} {act.resource}: {step.__name__}")
        for step, acts in NEEDED_FOR.items()
        for act in acts
    ],
)
def test_without_this_one_it_fails(
    dynamic: Installed, scene: Scene, audit_folder: Path, step: Step, act: Act
) -> None:
    since = refused(dynamic, audit_folder)
    # Of a binding that is made; RBAC asks for the other in passing.
    asked = "clusterrolebindings" if act.verb == "bind" else act.resource
    with without(dynamic, act), pytest.raises(AssertionError):
        step(replace(scene, given_up=lambda: since(asked)))
    assert eventually(lambda: since(asked)), "it failed, but not for that"


def test_without_what_it_follows_none_is_ready_and_each_kind_is_named(
    dynamic: Installed, scene: Scene, audit_folder: Path, tmp_path: Path
) -> None:
    lists = [replace(act, verb="list") for act in FOLLOWED]
    watches = [replace(act, verb="watch") for act in FOLLOWED]
    kinds = {act.resource for act in FOLLOWED}
    unread = "cluster-info can't be read"

    def waited_for() -> set[str]:
        told = client.call("GET", "/readyz").json()["waitingFor"]
        return {path.rpartition("/")[2] for path in told}

    with ExitStack() as later:
        with without(dynamic, *watches):
            with without(dynamic, *lists, CLUSTER_INFO):
                server = later.enter_context(dynamic.release.started(tmp_path, ready=False))
                client = Client(server, server.output)
                assert eventually(lambda: serves(client), READY_SECONDS)
                assert eventually(lambda: waited_for() == kinds), waited_for()
                assert eventually(lambda: unread in server.said())
            since = refused(dynamic, audit_folder)
            assert eventually(lambda: all(since(kind, "watch") for kind in kinds), 20)
            assert eventually(lambda: waited_for() == kinds), waited_for()
        assert eventually(lambda: not waited_for(), 20), waited_for()
    assert unread not in scene.client.server.said()


def serves(client: Client) -> bool:
    try:
        return client.call("GET", "/healthz").status == 200
    except OSError:
        return False
