"""Who was refused what is on record, without a token in it; and which rules could not be evaluated."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import clear, get, install, kubectl
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server


@pytest.fixture(autouse=True)
def nobody(sandbox: Sandbox, client: Client) -> Iterator[None]:
    clear(sandbox)
    yield
    clear(sandbox)


def last(client: Client, event: str) -> dict[str, Any]:
    return [one for one in client.audited() if one["event"] == event][-1]


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        pytest.param(
            "GET", "/tokens/victim-example-com", "create accessgrants/tokens", id="a-token"
        ),
        pytest.param(
            "DELETE", "/rbac/nobody-example-com", "delete accessgrants", id="a-revocation-of-nobody"
        ),
        pytest.param("GET", "/rbac/", "list accessgrants", id="a-list"),
    ],
)
def test_who_asked_for_what_is_not_theirs_is_on_record(
    client: Client, issuer: ManyPeople, method: str, path: str, asked: str
) -> None:
    curious = issuer.token("curious")
    assert client.log_in(issuer.token("victim")).status == 201
    assert client.log_in(curious).status == 201
    answer = client.call(method, path, bearer=curious)
    record = last(client, "access_refused")
    assert answer.status == 403
    assert record["request"] == answer.headers["x-request-id"]
    assert record["caller"] == f"{issuer.url}#sub-curious"
    assert (record["asked"], record["code"]) == (asked, "forbidden")
    assert record.get("account", "") == path.split("/")[2]


def test_what_an_administrator_did_not_find_is_on_record(sandbox: Sandbox, client: Client) -> None:
    kubectl(sandbox, "create", "serviceaccount", "keeper", "-n", "default")
    binding = ["create", "clusterrolebinding", "keeper", "--clusterrole=cluster-admin"]
    kubectl(sandbox, *binding, "--serviceaccount=default:keeper")
    try:
        audience = "--audience=jwt-to-rbac"
        token = kubectl(sandbox, "create", "token", "keeper", "-n", "default", audience).strip()
        for method, path in (
            ("GET", "/tokens/"),
            ("GET", "/api/v1/people/"),
            ("DELETE", "/api/v1/people/"),
            ("DELETE", "/rbac/"),
        ):
            assert client.call(method, path + "x" * 300, bearer=token).status == 404
            record = last(client, "access_refused")
            keeper = "system:serviceaccount:default:keeper"
            assert (record["caller"], record["code"]) == (keeper, "not_found")
            assert record["account"] == "x" * 253
            assert record["asked"].split()[0] in ("create", "get", "delete")
    finally:
        kubectl(sandbox, "delete", "clusterrolebinding/keeper", "serviceaccount/keeper")


def test_a_refused_id_token_is_named_by_its_hash(client: Client, issuer: ManyPeople) -> None:
    expired = issuer.token("late", iat=1, exp=2)
    assert client.log_in(expired).status == 401
    assert client.call("GET", "/rbac/", bearer=expired).status == 401
    wanted = hashlib.sha256(expired.encode()).hexdigest()
    assert last(client, "login_refused")["token_sha256"] == wanted
    assert last(client, "caller_refused")["token_sha256"] == wanted


def test_a_password_in_the_wrong_place_is_not_on_record_even_as_a_hash(client: Client) -> None:
    assert client.log_in("Tr0ub4dor&3").status == 401
    assert "token_sha256" not in last(client, "login_refused")


def test_a_rule_that_has_no_value_is_told_in_record_and_status(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path: Path
) -> None:
    install(sandbox)
    policy: dict[str, object] = {
        "rules": [
            {"name": "fine", "groups": ["developers"], "clusterRole": "view"},
            {"name": "broken", "when": "user.groups[99] == 'x'", "clusterRole": "admin"},
        ]
    }
    audit = tmp_path / "audit.log"
    config = pod_configuration(audit, {issuer.url: AUDIENCE}, policy)
    with installed_server(sandbox, config, tmp_path) as server:
        client = Client(server, audit)
        account = client.log_in(issuer.token("partly")).json()["ServiceAccount"]
        (told,) = last(client, "login")["failed_rules"]
        assert told.startswith("broken: ")
        wait = "--for=condition=RulesEvaluated=false"
        kubectl(sandbox, "wait", f"accessgrant/{account}", wait, "--timeout=10s")
    status = get(sandbox, "accessgrant", account)["status"]
    assert [grant["rule"] for grant in status["grants"]] == ["fine"]
    (failed,) = status["failedRules"]
    assert told == f"{failed['rule']}: {failed['reason']}"
    conditions = {one["type"]: one for one in status["conditions"]}
    assert told in conditions["RulesEvaluated"]["message"]
    assert conditions["Ready"]["status"] == "True"
