"""The article's steps, in its order, with the real parts: jane logs in and kubectl obeys."""

import base64
from collections.abc import Iterator

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import get, kubectl, names, with_token
from tests.support.dex import claims_of, later_id_token
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet

JANE = "janedoe-example-com"
JOHN = "johndoe-example-com"
ACCOUNTS = ("-n", "jwt-to-rbac-users")
OURS = ("-l", "generatedby=jwttorbac")

GC_SECONDS = 60.0
"""The garbage collector learns of a new CRD only when it looks for kinds, each 30 seconds."""


@pytest.fixture
def jane(sandbox: Sandbox, client: Client) -> Iterator[str]:
    """Jane's ID token; nothing of her is on the cluster before or after."""
    token = later_id_token(sandbox, "jane")
    yield token
    client.call("DELETE", f"/rbac/{JANE}", bearer=token)


def kubernetes_token(client: Client, account: str, id_token: str) -> str:
    """Steps three and four of the article: fetch the token and decode it."""
    answer = client.call("GET", f"/tokens/{account}", bearer=id_token)
    assert answer.status == 200, answer.text
    return base64.b64decode(answer.json()[0]["data"]["token"]).decode()


def whatever_is_left(sandbox: Sandbox, kind: str, seconds: float = 10.0) -> list[str]:
    """Our objects of a kind, once there are none, or when the time is up."""
    eventually(lambda: not names(sandbox, kind, "-A", *OURS), seconds)
    return names(sandbox, kind, "-A", *OURS)


def test_steps_one_to_five_of_the_article(sandbox: Sandbox, client: Client, jane: str) -> None:
    # 1 and 2: jane proves who she is to Dex, which asks LDAP, and her ID token goes to POST /rbac/.
    answer = client.log_in(jane)
    assert answer.status == 201, answer.text
    said = answer.json()
    assert said["Email"] == "janedoe@example.com"
    assert said["Groups"] == ["admins", "developers"]
    assert said["FederatedClaims"] == {
        "connector_id": "ldap",
        "user_id": "cn=jane,ou=People,dc=example,dc=org",
    }
    assert said["ServiceAccount"] == JANE

    # 3: the objects are there, marked, and owned by the AccessGrant.
    bindings = [f"{JANE}-admin-binding", f"{JANE}-developers-from-jwt-binding"]
    assert names(sandbox, "serviceaccounts", *ACCOUNTS, *OURS) == [JANE]
    assert names(sandbox, "clusterrolebindings", *OURS) == bindings
    assert names(sandbox, "clusterroles", *OURS) == ["developers-from-jwt"]
    grant = get(sandbox, "ag", JANE)
    for binding in bindings:
        owner = get(sandbox, "clusterrolebinding", binding)["metadata"]["ownerReferences"][0]
        assert (owner["kind"], owner["uid"]) == ("AccessGrant", grant["metadata"]["uid"])
    kubectl(sandbox, "wait", f"ag/{JANE}", "--for=condition=Ready", "--timeout=10s")
    row = kubectl(sandbox, "get", "accessgrants", JANE, "--no-headers").split()
    assert row[:4] == [
        JANE,
        "janedoe@example.com",
        "admins,developers",
        "admin,developers-from-jwt",
    ]

    # 4 and 5: a token for kubectl, which is allowed what her groups allow and refused the rest.
    token = kubernetes_token(client, JANE, jane)
    who = with_token(sandbox, token, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
    assert who.stdout == f"system:serviceaccount:jwt-to-rbac-users:{JANE}"
    assert with_token(sandbox, token, "get", "pods", "-A").returncode == 0
    assert (
        with_token(sandbox, token, "create", "configmap", "hers", "-n", "default").returncode == 0
    )
    refused = with_token(sandbox, token, "get", "nodes")
    assert refused.returncode == 1
    assert "Forbidden" in refused.stderr
    kubectl(sandbox, "delete", "configmap", "hers", "-n", "default")


def test_a_second_login_with_the_same_token_changes_nothing_and_succeeds(
    sandbox: Sandbox, client: Client, jane: str
) -> None:
    client.log_in(jane)
    kubectl(sandbox, "wait", f"ag/{JANE}", "--for=condition=Ready", "--timeout=10s")
    kinds = "accessgrants,clusterroles,clusterrolebindings,serviceaccounts"
    before = get(sandbox, kinds, "-A", *OURS)["items"]
    again = client.log_in(jane)
    assert again.status == 201
    assert again.json()["ServiceAccount"] == JANE
    assert get(sandbox, kinds, "-A", *OURS)["items"] == before


def test_delete_leaves_nothing_of_the_person_behind(
    sandbox: Sandbox, client: Client, jane: str
) -> None:
    client.log_in(jane)
    token = kubernetes_token(client, JANE, jane)
    assert client.call("DELETE", f"/rbac/{JANE}", bearer=jane).status == 202
    refused = with_token(sandbox, token, "get", "pods", "-A")
    assert refused.returncode == 1, "revoked, and still allowed"
    for kind in ("accessgrants", "serviceaccounts", "clusterrolebindings", "rolebindings"):
        left = whatever_is_left(sandbox, kind)
        assert not left, f"{kind} left behind: {left}"


def test_deleting_the_access_grant_with_kubectl_revokes_everything(
    sandbox: Sandbox, client: Client, jane: str
) -> None:
    client.log_in(jane)
    kubectl(sandbox, "delete", "accessgrant", JANE)
    for kind in ("serviceaccounts", "clusterrolebindings"):
        left = whatever_is_left(sandbox, kind, GC_SECONDS)
        assert not left, f"the garbage collector left {kind}: {left}"


def test_john_who_is_only_a_developer_gets_only_that(sandbox: Sandbox, client: Client) -> None:
    john = later_id_token(sandbox, "john")
    said = client.log_in(john).json()
    assert [grant["clusterRole"] for grant in said["Grants"]] == ["developers-from-jwt"]
    token = kubernetes_token(client, JOHN, john)
    assert with_token(sandbox, token, "get", "pods", "-A").returncode == 0
    assert with_token(sandbox, token, "get", "deployments", "-n", "default").returncode == 0
    for refused in (["get", "secrets"], ["delete", "pod", "x"], ["create", "configmap", "x"]):
        done = with_token(sandbox, token, *refused)
        assert "forbidden" in done.stderr.lower(), f"kubectl {refused}: {done.stdout}{done.stderr}"
    assert client.call("DELETE", f"/rbac/{JOHN}", bearer=john).status == 202


def test_a_login_that_names_a_duration_gets_its_token_in_the_same_call(
    sandbox: Sandbox, client: Client, jane: str
) -> None:
    answer = client.call("POST", "/rbac/", {"token": jane, "duration": "30m"})
    assert answer.status == 201, answer.text
    token = base64.b64decode(answer.json()["Token"]["data"]["token"]).decode()
    assert with_token(sandbox, token, "get", "pods", "-A").returncode == 0
    lifetime = claims_of(token)["exp"] - claims_of(token)["iat"]
    assert lifetime == 1800
    bad = client.call("POST", "/rbac/", {"token": jane, "duration": "30"})
    assert (bad.status, bad.json()["code"]) == (400, "duration_invalid")


def test_a_lost_group_takes_its_access_at_the_next_login(sandbox: Sandbox, client: Client) -> None:
    sandbox.add_person("lotta", groups=("admins", "developers"))
    account = "lotta-example-com"
    before = sandbox.id_token("lotta")
    assert client.log_in(before).json()["Groups"] == ["admins", "developers"]
    sandbox.directory_server.remove_from_group("lotta", "admins")
    after = later_id_token(sandbox, "lotta", claims_of(before)["iat"])
    assert client.log_in(after).json()["Groups"] == ["developers"]
    assert names(sandbox, "clusterrolebindings", *OURS) == [
        f"{account}-developers-from-jwt-binding"
    ]
    # The older token, still valid, brings nothing back.
    assert client.log_in(before).json()["Groups"] == ["developers"]
    assert names(sandbox, "clusterrolebindings", *OURS) == [
        f"{account}-developers-from-jwt-binding"
    ]
    # And without any group that the policy knows, everything goes.
    sandbox.directory_server.remove_from_group("lotta", "developers")
    last = later_id_token(sandbox, "lotta", claims_of(after)["iat"])
    denied = client.log_in(last)
    assert (denied.status, denied.json()["code"]) == (403, "no_access")
    assert names(sandbox, "clusterrolebindings", *OURS) == []
    assert client.log_in(after).status == 403, "a replayed token brought a lost group back"
    client.call("DELETE", f"/rbac/{account}", bearer=last)
