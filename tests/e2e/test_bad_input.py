"""Bad input: a problem document with a stable code, and nothing made on the cluster."""

import time
from collections.abc import Callable

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import kubectl, names
from tests.support.issuer import ManyPeople

NAME = "mallory"
Forge = Callable[[ManyPeople], str]


def wrong_signature(issuer: ManyPeople) -> str:
    head, payload, signature = issuer.token(NAME).split(".")
    _, other, _ = issuer.token(NAME, groups=["admins"], sub="somebody-else").split(".")
    assert payload != other
    return f"{head}.{other}.{signature}"


BAD_TOKENS = [
    pytest.param(lambda i: "", 400, "token_missing", id="no-token"),
    pytest.param(lambda i: "not a jwt", 401, "token_malformed", id="not-a-jwt"),
    pytest.param(lambda i: "x" * 70_000, 401, "token_too_large", id="huge-token"),
    pytest.param(
        lambda i: i.token(NAME, exp=int(time.time()) - 3600), 401, "token_expired", id="expired"
    ),
    pytest.param(
        lambda i: i.token(NAME, aud="another-client"), 401, "token_audience", id="wrong-audience"
    ),
    pytest.param(
        lambda i: i.token(NAME, iss="https://evil.example"), 401, "token_issuer", id="wrong-issuer"
    ),
    pytest.param(wrong_signature, 401, "token_signature", id="bad-signature"),
    pytest.param(
        lambda i: i.unsigned(i.claims(NAME)), 401, "token_algorithm", id="alg-none-no-signature"
    ),
    pytest.param(
        lambda i: i.unsigned(i.claims(NAME)) + "AA", 401, "token_algorithm", id="alg-none"
    ),
    pytest.param(
        lambda i: i.sign(i.claims(NAME), alg="HS256"), 401, "token_algorithm", id="alg-hs256"
    ),
    pytest.param(
        lambda i: i.token(NAME, groups={"admins": True}), 401, "token_claim", id="groups-no-list"
    ),
    pytest.param(
        lambda i: i.token(NAME, groups=["cooks"]), 403, "no_access", id="no-group-with-access"
    ),
]


@pytest.mark.parametrize(("forge", "status", "code"), BAD_TOKENS)
def test_a_bad_token_is_refused_with_its_code_and_nothing_is_made(
    sandbox: Sandbox, client: Client, issuer: ManyPeople, forge: Forge, status: int, code: str
) -> None:
    token = forge(issuer)
    answer = client.log_in(token)
    problem = answer.json()
    assert (answer.status, problem["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["requestId"] == answer.headers["x-request-id"]
    assert problem["detail"]
    assert len(token) < 20 or token not in answer.text
    assert names(sandbox, "accessgrants") == []
    assert names(sandbox, "serviceaccounts", "-n", "jwt-to-rbac-users", "-l", "generatedby") == []
    record = client.audited()[-1]
    assert (record["code"], record["request"]) == (code, problem["requestId"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"{", 400, "body_malformed", id="no-json"),
        pytest.param(b"[]", 400, "body_malformed", id="another-shape"),
        pytest.param(b'{"token": "\xff"}', 400, "body_malformed", id="no-utf-8"),
        pytest.param(b'{"token": 7}', 400, "body_malformed", id="a-number-for-a-token"),
        pytest.param(b"{}", 400, "token_missing", id="no-token"),
        pytest.param(b"x" * 10_000_000, 413, "body_too_large", id="ten-megabytes"),
    ],
)
def test_a_bad_body_is_refused_with_its_code(
    client: Client, body: bytes, status: int, code: str
) -> None:
    answer = client.call("POST", "/rbac/", body)
    assert (answer.status, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/rbac", "GET, POST"),
        ("DELETE", "/rbac/", "GET, POST"),
        ("GET", "/rbac/somebody", "DELETE"),
        ("DELETE", "/tokens/somebody", "GET, POST"),
    ],
)
def test_another_method_is_answered_with_those_that_are_allowed(
    client: Client, method: str, path: str, allowed: str
) -> None:
    answer = client.call(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/rbac"), ("DELETE", "/rbac/x"), ("GET", "/tokens/x"), ("POST", "/tokens/x")],
)
def test_every_endpoint_authenticates(client: Client, method: str, path: str) -> None:
    body: object = {} if method == "POST" else None
    nobody = client.call(method, path, body)
    assert (nobody.status, nobody.json()["code"]) == (401, "credential_missing")
    assert "www-authenticate" in nobody.headers
    stranger = client.call(method, path, body, bearer="made-up")
    assert (stranger.status, stranger.json()["code"]) == (401, "credential_refused")


BAD_DURATIONS = ["5", "1d", "-1h", "0s", ""]


@pytest.mark.parametrize("duration", BAD_DURATIONS)
def test_a_bad_duration_is_refused(client: Client, issuer: ManyPeople, duration: str) -> None:
    token = issuer.token(f"durable-{BAD_DURATIONS.index(duration)}")
    account = client.log_in(token).json()["ServiceAccount"]
    answer = client.call("POST", f"/tokens/{account}", {"duration": duration}, bearer=token)
    assert (answer.status, answer.json()["code"]) == (400, "duration_invalid")
    assert client.call("DELETE", f"/rbac/{account}", bearer=token).status == 202


def test_somebody_elses_account_and_no_account_are_answered_alike(
    client: Client, issuer: ManyPeople
) -> None:
    owner, other = issuer.token("owner"), issuer.token("other")
    client.log_in(owner)
    client.log_in(other)
    for method in ("GET", "POST"):
        body: object = {} if method == "POST" else None
        theirs = client.call(method, "/tokens/owner-example-com", body, bearer=other).json()
        nobodys = client.call(method, "/tokens/nobody-example-com", body, bearer=other).json()
        assert theirs["code"] == nobodys["code"] == "forbidden"
        assert theirs["detail"] == nobodys["detail"]
    assert client.call("DELETE", "/rbac/owner-example-com", bearer=other).status == 403
    for name, token in (("owner", owner), ("other", other)):
        assert client.call("DELETE", f"/rbac/{name}-example-com", bearer=token).status == 202


def test_a_deleted_account_is_not_there_for_its_administrator(
    sandbox: Sandbox, client: Client
) -> None:
    kubectl(sandbox, "create", "serviceaccount", "ops", "-n", "default")
    kubectl(
        sandbox,
        "create",
        "clusterrole",
        "ops",
        "--verb=*",
        "--resource=accessgrants.jwt-to-rbac.io",
    )
    kubectl(
        sandbox,
        "create",
        "clusterrolebinding",
        "ops",
        "--clusterrole=ops",
        "--serviceaccount=default:ops",
    )
    token = kubectl(sandbox, "create", "token", "ops", "--audience=jwt-to-rbac").strip()
    assert client.call("DELETE", "/rbac/nobody", bearer=token).status == 404
    assert client.call("GET", "/rbac", bearer=token).json()["sa_list"] == []
    foreign = kubectl(sandbox, "create", "token", "ops").strip()
    assert client.call("GET", "/rbac", bearer=foreign).status == 401, "a token for another audience"
