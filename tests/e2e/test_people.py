"""`/api/v1`: what a client needs to begin, who one is, and what administrators see and do."""

from collections.abc import Iterator
from itertools import count

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import get, kubectl, with_token
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.waiting import eventually

_numbers = count()


@pytest.fixture(scope="module")
def administrator(sandbox: Sandbox) -> Iterator[str]:
    """A Kubernetes token for our audience of somebody whom RBAC lets do everything with people."""
    kubectl(sandbox, "create", "serviceaccount", "people-admin")
    kubectl(
        sandbox, "create", "clusterrole", "people-admin",
        "--verb=get,list,patch,delete",
        "--resource=accessgrants.jwt-to-rbac.io,accessgrants.jwt-to-rbac.io/tokens",
    )  # fmt: skip
    kubectl(
        sandbox, "create", "clusterrolebinding", "people-admin",
        "--clusterrole=people-admin", "--serviceaccount=default:people-admin",
    )  # fmt: skip
    yield kubectl(sandbox, "create", "token", "people-admin", "--audience=jwt-to-rbac").strip()
    kubectl(sandbox, "delete", "clusterrolebinding/people-admin", "clusterrole/people-admin")
    kubectl(sandbox, "delete", "serviceaccount/people-admin")


@pytest.fixture
def name() -> str:
    return f"somebody-{next(_numbers)}"


@pytest.fixture
def person(client: Client, issuer: ManyPeople, name: str) -> Iterator[str]:
    """The ID token of somebody who has logged in, in the groups developers and `<name>-club`."""
    token = issuer.token(name, groups=["developers", f"{name}-club"])
    assert client.log_in(token).status == 201
    yield token
    client.call("DELETE", f"/rbac/{name}-example-com", bearer=token)


def kubernetes_token(client: Client, bearer: str) -> str:
    return str(client.call("POST", "/api/v1/sessions", {}, bearer).json()["token"])


def test_anybody_may_ask_how_to_begin(sandbox: Sandbox, client: Client, issuer: ManyPeople) -> None:
    answer = client.call("GET", "/.well-known/jwt-to-rbac")
    assert answer.status == 200
    said = answer.json()
    (cluster,) = said["clusters"]
    assert (cluster["name"], cluster["server"]) == ("kubernetes", sandbox.api_server)
    assert cluster["caData"]
    clients = {one["issuer"]: (one["clientID"], one["scopes"][0]) for one in said["issuers"]}
    assert clients == {
        sandbox.issuer: (sandbox.client_id, "openid"),
        issuer.url: (AUDIENCE, "openid"),
    }


def test_whoami_tells_a_person_what_they_have_and_why(
    client: Client, person: str, name: str
) -> None:
    said = client.call("GET", "/api/v1/whoami", bearer=person).json()
    assert said["account"] == f"{name}-example-com"
    assert said["groups"] == ["developers", f"{name}-club"]
    assert said["grants"] == [
        {"clusterRole": "developers-from-jwt", "scope": "cluster", "rule": "developers"}
    ]
    assert said["unmatchedGroups"] == [f"{name}-club"]


def test_whoami_tells_a_newcomer_what_they_would_get(client: Client, issuer: ManyPeople) -> None:
    token = issuer.token("newcomer", groups=["admins"])
    said = client.call("GET", "/api/v1/whoami", bearer=token).json()
    assert said["account"] is None
    assert [one["clusterRole"] for one in said["grants"]] == ["admin"]


def test_whoami_without_a_credential_is_refused(client: Client) -> None:
    assert client.call("GET", "/api/v1/whoami").status == 401


def test_an_administrator_finds_people_page_by_page(
    client: Client, issuer: ManyPeople, administrator: str
) -> None:
    tokens = [issuer.token(f"paged-{i}", groups=["developers"]) for i in range(5)]
    for token in tokens:
        client.log_in(token)
    found: list[str] = []
    after = ""
    for _ in range(3):
        path = f"/api/v1/people?limit=2&search=PAGED&continue={after}"
        page = client.call("GET", path, bearer=administrator).json()
        found += [one["name"] for one in page["items"]]
        after = page["continue"]
    assert found == [f"paged-{i}-example-com" for i in range(5)]
    assert after == ""
    for i, token in enumerate(tokens):
        client.call("DELETE", f"/rbac/paged-{i}-example-com", bearer=token)


def test_a_person_is_shown_whole_to_themselves_and_to_administrators(
    client: Client, person: str, name: str, administrator: str
) -> None:
    path = f"/api/v1/people/{name}-example-com"

    def has_last_login() -> bool:
        return bool(client.call("GET", path, bearer=person).json()["lastLogin"])

    # The status is written behind the login's answer.
    assert eventually(has_last_login)
    said = client.call("GET", path, bearer=administrator).json()
    assert said == client.call("GET", path, bearer=person).json()
    assert said["username"] == f"{name}@example.com"
    assert said["suspended"] is False
    assert said["sessions"] == 0


def test_a_suspended_person_has_nothing_until_resumed(
    sandbox: Sandbox, client: Client, person: str, name: str, administrator: str
) -> None:
    path, token = f"/api/v1/people/{name}-example-com", kubernetes_token(client, person)
    assert with_token(sandbox, token, "get", "pods", "-A").returncode == 0
    said = client.call("PATCH", path, {"suspended": True}, administrator)
    assert (said.status, said.json()["suspended"], said.json()["grants"]) == (200, True, [])
    assert eventually(lambda: with_token(sandbox, token, "get", "pods", "-A").returncode != 0, 3.0)
    refused = client.log_in(person)
    assert (refused.status, refused.json()["code"]) == (403, "suspended")
    assert get(sandbox, "ag", f"{name}-example-com")["spec"]["suspended"] is True
    assert client.call("PATCH", path, {"suspended": False}, administrator).status == 200
    token = kubernetes_token(client, person)
    assert with_token(sandbox, token, "get", "pods", "-A").returncode == 0


def test_an_end_can_be_set_and_taken_away(
    client: Client, person: str, name: str, administrator: str
) -> None:
    path = f"/api/v1/people/{name}-example-com"
    past = client.call("PATCH", path, {"expiresAt": "2026-01-01T00:00:00Z"}, administrator)
    assert (past.status, past.json()["grants"]) == (200, [])
    assert client.log_in(person).json()["code"] == "access_expired"
    ended = client.call("PATCH", path, {"expiresAt": None}, administrator)
    assert (ended.status, ended.json()["expiresAt"]) == (200, None)
    assert client.log_in(person).status == 201


def test_nobody_suspends_or_resumes_themselves(client: Client, person: str, name: str) -> None:
    answer = client.call("PATCH", f"/api/v1/people/{name}-example-com", {"suspended": True}, person)
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/api/v1/people", id="list"),
        pytest.param("GET", "/api/v1/people/janedoe-example-com", id="see-another"),
        pytest.param("DELETE", "/api/v1/people/janedoe-example-com", id="revoke-another"),
        pytest.param("DELETE", "/api/v1/people?group=developers", id="revoke-a-group"),
    ],
)
def test_others_are_for_administrators_alone(
    client: Client, person: str, method: str, path: str
) -> None:
    answer = client.call(method, path, bearer=person)
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")


def test_everybody_in_a_group_is_revoked_and_nobody_else(
    sandbox: Sandbox, client: Client, issuer: ManyPeople, person: str, name: str, administrator: str
) -> None:
    members = [f"{name}-member-{i}" for i in range(3)]
    tokens = [
        kubernetes_token(client, issuer.token(m, groups=["developers", f"{name}-crew"]))
        for m in members
    ]
    said = client.call("DELETE", f"/api/v1/people?group={name}-crew", bearer=administrator)
    assert said.json() == {"revoked": [f"{m}-example-com" for m in members], "remaining": 0}
    for token in tokens:
        assert with_token(sandbox, token, "get", "pods", "-A").returncode != 0
    assert client.call("GET", f"/api/v1/people/{name}-example-com", bearer=person).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("GET", "/api/v1/people?limit=0", None, id="limit-of-none"),
        pytest.param("GET", "/api/v1/people?limit=501", None, id="limit-of-too-many"),
        pytest.param("GET", "/api/v1/people?limit=many", None, id="limit-in-words"),
        pytest.param("DELETE", "/api/v1/people", None, id="revoke-without-a-group"),
        pytest.param("PATCH", "/api/v1/people/x", {"suspend": True}, id="unknown-field"),
        pytest.param("PATCH", "/api/v1/people/x", {"expiresAt": "soon"}, id="no-time"),
    ],
)
def test_bad_input_is_a_problem_that_names_it(
    client: Client, administrator: str, method: str, path: str, body: object
) -> None:
    answer = client.call(method, path, body, administrator)
    assert (answer.status, answer.json()["code"]) == (400, "body_malformed")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "sessions"), ("DELETE", "sessions"), ("DELETE", "sessions/x")]
)
def test_nobodys_sessions_are_not_found(
    client: Client, administrator: str, method: str, path: str
) -> None:
    answer = client.call(method, f"/api/v1/people/nobody-example-com/{path}", bearer=administrator)
    assert answer.status == 404
