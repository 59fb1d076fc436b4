"""Explain: what a login would do, told against the live cluster, with nothing changed."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import clear, get, kubectl, names
from tests.support.configuration import configuration, write
from tests.support.issuer import AUDIENCE, ManyPeople

ADMIN = {"clusterRole": "admin", "scope": "cluster"}
DEVELOPER = {"clusterRole": "developers-from-jwt", "scope": "cluster"}


@pytest.fixture(autouse=True)
def nobody(sandbox: Sandbox, client: Client) -> Iterator[None]:
    clear(sandbox)
    yield
    clear(sandbox)


def test_a_token_is_explained_by_rule_and_nothing_is_made(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    token = issuer.token("curious", groups=["admins", "cooks"])
    answer = client.call("POST", "/api/v1/explain", {"token": token})
    assert answer.status == 200, answer.text
    said = answer.json()
    assert said["grants"] == [{**ADMIN, "rule": "admins"}]
    assert said["changes"] == {"give": [ADMIN], "take": []}
    assert said["unmatchedGroups"] == ["cooks"]
    assert said["serviceAccount"] == {"name": "curious-example-com", "exists": False}
    assert said["refused"] is None
    assert names(sandbox, "accessgrants") == []


def test_what_a_newer_token_would_take_is_told_before_it_is_taken(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    account = client.log_in(issuer.token("loser", iat=issuer.now() - 60)).json()["ServiceAccount"]
    kubectl(sandbox, "wait", f"ag/{account}", "--for=condition=Ready", "--timeout=10s")
    before = get(sandbox, "accessgrant", account)
    fewer = issuer.token("loser", groups=["developers"])
    said = client.call("POST", "/api/v1/explain", {"token": fewer}).json()
    assert said["changes"] == {"give": [], "take": [ADMIN]}
    assert [grant["rule"] for grant in said["grants"]] == ["developers"]
    none = client.call("POST", "/api/v1/explain", {"token": issuer.token("loser", groups=[])})
    assert none.json()["refused"]["code"] == "no_access"
    assert none.json()["changes"]["take"] == [ADMIN, DEVELOPER]
    assert get(sandbox, "accessgrant", account) == before


def test_claims_by_hand_are_for_those_whom_kubernetes_lets_list(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    question = {"claims": {"issuer": issuer.url, "subject": "x", "groups": ["admins"]}}
    assert client.call("POST", "/api/v1/explain", question).status == 401
    somebody = issuer.token("somebody", groups=["developers"])
    assert client.call("POST", "/api/v1/explain", question, bearer=somebody).status == 403
    kubectl(sandbox, "create", "serviceaccount", "auditor", "-n", "default")
    role = ["--verb=list", "--resource=accessgrants.jwt-to-rbac.io"]
    kubectl(sandbox, "create", "clusterrole", "auditor", *role)
    who = ["--clusterrole=auditor", "--serviceaccount=default:auditor"]
    kubectl(sandbox, "create", "clusterrolebinding", "auditor", *who)
    token = kubectl(sandbox, "create", "token", "auditor", "--audience=jwt-to-rbac").strip()
    answer = client.call("POST", "/api/v1/explain", question, bearer=token)
    assert answer.status == 200, answer.text
    assert answer.json()["grants"] == [{**ADMIN, "rule": "admins"}]
    untrusted = {"claims": question["claims"] | {"issuer": "https://nobody.trusts.example"}}
    answer = client.call("POST", "/api/v1/explain", untrusted, bearer=token)
    assert (answer.status, answer.json()["grants"]) == (200, [])


@pytest.mark.parametrize("output", ["table", "json", "yaml"])
def test_the_command_line_explains_under_a_configuration_without_a_server(
    sandbox: Sandbox, client: Client, issuer: ManyPeople, tmp_path: Path, output: str
) -> None:
    config = configuration(sandbox.kubeconfig, tmp_path / "audit", {issuer.url: AUDIENCE})
    file = write(config, "127.0.0.1:0", tmp_path)
    command = [sys.executable, "-m", "jwt_to_rbac", "explain", "--config", str(file)]
    token = issuer.token("shell", groups=["admins", "cooks"])
    done = subprocess.run(
        [*command, "--token-file", "-", "-o", output],
        input=token,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if output == "table":
        said = " ".join(done.stdout.split())
        assert "shell@example.com would get the ServiceAccount shell-example-com" in said
        assert "admin cluster admins give group cooks: no rule names it" in said
    else:
        assert yaml.safe_load(done.stdout)["changes"] == {"give": [ADMIN], "take": []}
    refused = subprocess.run(
        [*command, "-g", "cooks", "-o", output],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 2, refused.stderr
    assert "no_access" in refused.stdout
    assert not (tmp_path / "audit").exists()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="neither"),
        pytest.param({"token": "x", "claims": {}}, id="both"),
        pytest.param({"claims": {"group": ["a"]}}, id="misspelt"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(client: Client, body: object) -> None:
    answer = client.call("POST", "/api/v1/explain", body)
    assert (answer.status, answer.json()["code"]) == (400, "body_malformed")
