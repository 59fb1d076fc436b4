"""The holes of the first system of this kind, each shut: a test fails if one is opened again."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import clear, get, install, kubectl, names, with_token
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server

USERS = ("-n", "jwt-to-rbac-users")

ODD_POLICY: dict[str, object] = {
    "rules": [
        {"name": "one", "groups": ["one"], "clusterRole": "b-c"},
        {"name": "two", "groups": ["two"], "clusterRole": "c"},
        {
            "name": "taken",
            "groups": ["taken"],
            "rules": [{"verbs": ["*"], "resources": ["*"], "apiGroups": ["*"]}],
        },
    ]
}


@pytest.fixture(autouse=True)
def nobody(sandbox: Sandbox, client: Client) -> Iterator[None]:
    """Each test begins and ends with nobody on the cluster."""
    clear(sandbox)
    yield
    clear(sandbox)


@pytest.fixture(scope="module")
def odd(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A server whose policy has awkward names."""
    install(sandbox)
    folder = tmp_path_factory.mktemp("odd")
    audit = folder / "audit.log"
    config = pod_configuration(audit, {issuer.url: AUDIENCE}, ODD_POLICY)
    with installed_server(sandbox, config, folder) as server:
        yield Client(server, audit)


def account_of(client: Client, token: str) -> str:
    answer = client.log_in(token)
    assert answer.status == 201, answer.text
    return str(answer.json()["ServiceAccount"])


def whoami(sandbox: Sandbox, client: Client, token: str) -> str:
    """Who the API server says that the person of this ID token is."""
    answer = client.call("POST", "/rbac/", {"token": token, "duration": "10m"})
    issued = base64.b64decode(answer.json()["Token"]["data"]["token"]).decode()
    said = with_token(sandbox, issued, "auth", "whoami", "-o", "json")
    return str(json.loads(said.stdout)["status"]["userInfo"]["username"])


def spec_of(sandbox: Sandbox, *what: str) -> Any:
    found = get(sandbox, *what)
    return {key: found.get(key) for key in ("metadata", "roleRef", "subjects", "rules", "secrets")}


def test_addresses_that_only_differ_in_punctuation_never_share_an_account(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    addresses = ["a.b@example.com", "a-b@example.com", "a_b@example.com"]
    tokens = [issuer.token(address, email=address) for address in addresses]
    who = [whoami(sandbox, client, token) for token in tokens]
    assert len(set(who)) == 3, who
    assert who[0] == "system:serviceaccount:jwt-to-rbac-users:a-b-example-com"


def test_one_address_at_two_connectors_is_two_people(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    ldap = issuer.token("l", email="jo@example.com", groups=["developers"])
    local = issuer.token("o", email="jo@example.com", groups=["admins"])
    assert whoami(sandbox, client, ldap) != whoami(sandbox, client, local)


def test_a_github_user_and_an_address_of_the_same_digits_are_two_people(
    client: Client, issuer: ManyPeople
) -> None:
    github = {"connector_id": "github", "user_id": "4711"}
    by_id = issuer.token("g", federated_claims=github, groups=["org:admins", "developers"])
    assert client.log_in(by_id).status == 403, "a bare group from GitHub counts for nothing"
    by_mail = issuer.token("m", email="4711", groups=["developers"])
    assert account_of(client, by_mail) == "4711"


def test_names_that_can_be_read_two_ways_never_share_a_binding(
    sandbox: Sandbox, odd: Client, issuer: ManyPeople
) -> None:
    first = account_of(odd, issuer.token("x", email="a", groups=["one"]))
    second = account_of(odd, issuer.token("y", email="a-b", groups=["two"]))
    assert (first, second) == ("a", "a-b")
    bound = {
        (binding["subjects"][0]["name"], binding["roleRef"]["name"])
        for binding in get(sandbox, "clusterrolebindings", "-l", "generatedby=jwttorbac")["items"]
    }
    assert bound == {("a", "b-c"), ("a-b", "c")}


@pytest.mark.parametrize("group", ["cluster-admin", "admin", "edit", "view", "system:masters"])
def test_a_group_with_a_built_in_roles_name_gives_nothing_of_itself(
    client: Client, issuer: ManyPeople, group: str
) -> None:
    answer = client.log_in(issuer.token("eve", groups=[group]))
    assert (answer.status, answer.json()["code"]) == (403, "no_access")
    assert group in answer.json()["detail"], "the groups that were seen are named"


def test_a_foreign_service_account_is_never_adopted(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    kubectl(sandbox, "create", "serviceaccount", "foo-example-com", *USERS)
    try:
        before = spec_of(sandbox, "serviceaccount", "foo-example-com", *USERS)
        token = issuer.token("foo")
        account = account_of(client, token)
        assert account.startswith("foo-example-com-"), account
        assert client.call("DELETE", f"/rbac/{account}", bearer=token).status == 202
        assert spec_of(sandbox, "serviceaccount", "foo-example-com", *USERS) == before
    finally:
        kubectl(sandbox, "delete", "serviceaccount", "foo-example-com", *USERS)


def test_a_foreign_binding_of_the_same_name_is_never_touched(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    theirs = "bar-example-com-admin-binding"
    kubectl(sandbox, "create", "clusterrolebinding", theirs, "--clusterrole=view", "--user=nobody")
    try:
        before = spec_of(sandbox, "clusterrolebinding", theirs)
        token = issuer.token("bar", groups=["admins"])
        account = account_of(client, token)
        ours = names(sandbox, "clusterrolebindings", "-l", "generatedby=jwttorbac")
        assert len(ours) == 1
        assert ours[0].startswith("bar-example-com-admin-binding-")
        assert client.call("DELETE", f"/rbac/{account}", bearer=token).status == 202
        assert spec_of(sandbox, "clusterrolebinding", theirs) == before
    finally:
        kubectl(sandbox, "delete", "clusterrolebinding", theirs)


def test_a_foreign_cluster_role_of_the_same_name_is_never_touched(
    sandbox: Sandbox, odd: Client, issuer: ManyPeople
) -> None:
    theirs = "taken-from-jwt"
    kubectl(sandbox, "create", "clusterrole", theirs, "--verb=get", "--resource=pods")
    try:
        before = spec_of(sandbox, "clusterrole", theirs)
        answer = odd.log_in(issuer.token("tom", groups=["taken"]))
        assert answer.status in (409, 502), answer.text
        assert spec_of(sandbox, "clusterrole", theirs) == before
        assert names(sandbox, "clusterrolebindings", "-l", "generatedby=jwttorbac") == []
    finally:
        kubectl(sandbox, "delete", "clusterrole", theirs)


def test_a_login_never_makes_the_account_anew(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    first = issuer.token("stay", iat=issuer.now() - 20)
    account = account_of(client, first)
    before = get(sandbox, "serviceaccount", account, *USERS)["metadata"]["uid"]
    for ago, groups in ((15, ["admins"]), (10, ["developers"]), (5, ["admins", "developers"])):
        token = issuer.token("stay", iat=issuer.now() - ago, groups=groups)
        assert account_of(client, token) == account
    assert get(sandbox, "serviceaccount", account, *USERS)["metadata"]["uid"] == before


def test_the_server_bounds_the_lifetime_that_clients_choose(
    client: Client, issuer: ManyPeople
) -> None:
    token = issuer.token("forever")
    account = account_of(client, token)
    answer = client.call("POST", f"/tokens/{account}", {"duration": "99999h"}, bearer=token)
    assert answer.status == 201
    payload = base64.b64decode(answer.json()["data"]["token"]).decode().split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] - claims["iat"] == 24 * 3600


def test_an_account_has_never_an_empty_name(client: Client, issuer: ManyPeople) -> None:
    claims = issuer.claims("plain")
    del claims["federated_claims"]
    assert account_of(client, issuer.sign(claims)) == "plain-example-com"
    del claims["email"]
    nameless = client.log_in(issuer.sign(claims))
    assert (nameless.status, nameless.json()["code"]) == (401, "token_claim")
    claims["email"] = "@@@"
    assert client.log_in(issuer.sign(claims)).status == 401


def test_no_pod_can_be_created_where_the_accounts_live(sandbox: Sandbox) -> None:
    own = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": "thief", "image": "none", "securityContext": own}
    harmless = json.dumps({"apiVersion": "v1", "spec": {"containers": [container]}})
    for overrides, refusal in (("{}", "violates PodSecurity"), (harmless, "exceeded quota")):
        with pytest.raises(AssertionError, match=refusal):
            kubectl(sandbox, "run", "thief", "--image=none", *USERS, f"--overrides={overrides}")
