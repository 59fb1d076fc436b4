"""`GET /api/v1/who-can` says what Kubernetes' own authorizer says, person by person."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import clear, install, kubectl, run_kubectl
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server
from tests.support.waiting import eventually

POLICY: dict[str, object] = {
    "rules": [
        {"name": "admins", "groups": ["admins"], "clusterRole": "admin"},
        {
            "name": "viewers",
            "groups": ["viewers"],
            "clusterRole": "view",
            "scope": {"namespaces": ["default"]},
        },
        {"name": "editors", "groups": ["editors"], "clusterRole": "edit"},
    ]
}
PEOPLE = {
    "boss": ["admins", "viewers"],
    "guest": ["viewers"],
    "writer": ["editors", "viewers"],
    "suspended": ["admins"],
}
ASKED = [
    ("get", "pods", ""),
    ("get", "pods", "default"),
    ("get", "pods/log", "default"),
    ("get", "pods", "kube-system"),
    ("delete", "deployments.apps", "default"),
    ("patch", "deployments.apps/scale", "kube-system"),
    ("create", "rolebindings.rbac.authorization.k8s.io", "default"),
    ("list", "secrets", "default"),
    ("get", "nodes", ""),
    ("get", "/metrics", ""),
]


@pytest.fixture(scope="module")
def asked(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A server with these people logged in, one of them suspended."""
    install(sandbox)
    folder: Path = tmp_path_factory.mktemp("who-can")
    audit = folder / "audit.log"
    config = pod_configuration(audit, {issuer.url: AUDIENCE}, POLICY)
    with installed_server(sandbox, config, folder) as server:
        client = Client(server, audit)
        for name, groups in PEOPLE.items():
            assert client.log_in(issuer.token(name, groups=groups)).status == 201
        yield client
    clear(sandbox)


@pytest.fixture(scope="module")
def administrator(sandbox: Sandbox, asked: Client) -> Iterator[str]:
    """A Kubernetes token for our audience, of somebody who may see and suspend people."""
    name = "asks-who-can"
    kubectl(sandbox, "create", "serviceaccount", name)
    verbs = ("--verb=list,patch", "--resource=accessgrants.jwt-to-rbac.io")
    kubectl(sandbox, "create", "clusterrole", name, *verbs)
    whom = ("--clusterrole", name, f"--serviceaccount=default:{name}")
    kubectl(sandbox, "create", "clusterrolebinding", name, *whom)
    token = kubectl(sandbox, "create", "token", name, "--audience=jwt-to-rbac").strip()
    path = "/api/v1/people/suspended-example-com"
    assert eventually(lambda: asked.call("PATCH", path, {"suspended": True}, token).status == 200)
    yield token
    for kind in ("clusterrolebinding", "clusterrole", "serviceaccount"):
        kubectl(sandbox, "delete", kind, name)


def can(sandbox: Sandbox, name: str, verb: str, resource: str, namespace: str) -> bool:
    """Kubernetes' own answer for a person's ServiceAccount."""
    who = f"--as=system:serviceaccount:jwt-to-rbac-users:{name}-example-com"
    where = ("-n", namespace) if namespace else ("-A",) if resource[0] != "/" else ()
    plain, _, subresource = ("", "", "") if resource[0] == "/" else resource.partition("/")
    what = (plain or resource, *([f"--subresource={subresource}"] if subresource else []))
    whole = ["--kubeconfig", str(sandbox.kubeconfig), "auth", "can-i", verb, *what, who, *where]
    return run_kubectl(sandbox, whole, check=False).stdout.strip() == "yes"


@pytest.mark.parametrize(
    ("verb", "resource", "namespace"), [pytest.param(*one, id=" ".join(one)) for one in ASKED]
)
def test_it_says_what_kubernetes_says(
    sandbox: Sandbox, asked: Client, administrator: str, verb: str, resource: str, namespace: str
) -> None:
    query = f"verb={verb}&resource={resource}&namespace={namespace}"
    answer = asked.call("GET", f"/api/v1/who-can?{query}", bearer=administrator)
    assert answer.status == 200, answer.text
    said = {one["name"].removesuffix("-example-com") for one in answer.json()["items"]}
    assert said == {name for name in PEOPLE if can(sandbox, name, verb, resource, namespace)}
    assert "suspended" not in said


def test_each_binding_that_lets_somebody_is_told_with_its_rule(
    asked: Client, administrator: str
) -> None:
    query = "verb=get&resource=pods&namespace=default"
    answer = asked.call("GET", f"/api/v1/who-can?{query}", bearer=administrator)
    assert [
        (one["username"], one["clusterRole"], one["scope"], one["rule"])
        for one in answer.json()["items"]
        if one["name"] == "boss-example-com"
    ] == [
        ("boss@example.com", "admin", "cluster", "admins"),
        ("boss@example.com", "view", "default", "viewers"),
    ]


@pytest.mark.parametrize("query", ["", "verb=get", "resource=pods", "verb=&resource=pods"])
def test_what_is_asked_must_be_said(asked: Client, administrator: str, query: str) -> None:
    answer = asked.call("GET", f"/api/v1/who-can?{query}", bearer=administrator)
    assert (answer.status, answer.json()["code"]) == (400, "body_malformed")


def test_who_may_not_list_people_is_refused(asked: Client, issuer: ManyPeople) -> None:
    own = issuer.token("guest", groups=["viewers"])
    answer = asked.call("GET", "/api/v1/who-can?verb=get&resource=pods", bearer=own)
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")
