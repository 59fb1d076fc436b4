"""The first system's README followed to the letter, and every answer that its clients rely on.

The configuration is the first system's own with one key more, `app.unauthenticated`, which only
starts on a loopback address: there a sidecar or a port-forward goes on without credentials.
"""

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.first_system.conftest import environment, file, put, told
from tests.support.cluster import get, names, with_token
from tests.support.dex import later_id_token
from tests.support.server import free_port, running
from tests.support.waiting import eventually

JANE = "janedoe-example-com"
USERS = ("-n", "jwt-to-rbac-users")
OURS = ("-l", "generatedby=jwttorbac")
LISTS = {"sa_list", "crole_list", "crolebind_list", "rolebind_list"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Curl:
    """curl as the first system's README calls it: a method, a URL, a header, data; no credential."""

    url: str

    def __call__(self, method: str, path: str, data: str | None = None) -> Answer:
        command = ["curl", "--silent", "--show-error", "--include", "--max-time", "30"]
        command += ["--request", method, "--url", self.url + path]
        command += ["--header", "Content-Type: application/json"]
        command += [] if data is None else ["--data", data]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        head, _, text = done.stdout.replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.split("\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        return Answer(int(first.split()[1]), headers, text)

    def log_in(self, token: str, path: str = "/rbac") -> Answer:
        return self("POST", path, f'{{\n\t"token": "{token}"\n}}')


def serving(first: Sandbox, folder: Path, creates_tokens: bool = True) -> Iterator[Curl]:
    port = free_port()
    arguments = [] if creates_tokens else ["--rbachandler.enableCreateSAToken=false"]
    put(folder, "config.yaml", file(first, port))
    with running(arguments, port, folder, environment(), folder):
        yield Curl(f"http://localhost:{port}")


@pytest.fixture(scope="module")
def curl(first: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Curl]:
    yield from serving(first, tmp_path_factory.mktemp("readme"))


@pytest.fixture
def jane(first: Sandbox, curl: Curl) -> Iterator[str]:
    """Jane's ID token, logged in."""
    token = later_id_token(first, "jane")
    assert curl.log_in(token).status == 201
    yield token
    curl("DELETE", f"/rbac/{JANE}")


def decoded(secret: Any) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def is_problem(answer: Answer) -> bool:
    problem = answer.json()
    return (
        answer.headers["content-type"] == "application/problem+json"
        and problem["status"] == answer.status
        and bool(problem["code"])
        and bool(problem["detail"])
    )


@pytest.mark.parametrize("path", ["/rbac", "/rbac/"])
def test_2_the_id_token_is_posted(first: Sandbox, curl: Curl, path: str) -> None:
    answer = curl.log_in(later_id_token(first, "jane"), path)
    assert answer.status == 201, answer.text
    said = answer.json()
    assert {key: said[key] for key in ("Email", "Groups", "FederatedClaims", "ServiceAccount")} == {
        "Email": "janedoe@example.com",
        "Groups": ["admins", "developers"],
        "FederatedClaims": {
            "connector_id": "ldap",
            "user_id": "cn=jane,ou=People,dc=example,dc=org",
        },
        "ServiceAccount": JANE,
    }


@pytest.mark.usefixtures("jane")
def test_what_is_made_has_the_first_systems_names(first: Sandbox) -> None:
    assert names(first, "serviceaccounts", *USERS, *OURS) == [JANE]
    assert names(first, "clusterrolebindings", *OURS) == [f"{JANE}-admin-binding"]
    assert names(first, "clusterroles", *OURS) == ["developers-from-jwt"]
    binding = f"{JANE}-developers-from-jwt-binding"
    assert names(first, "rolebindings", "-n", "example", *OURS) == [binding]
    assert get(first, "clusterrole", "developers-from-jwt")["rules"] == [
        {
            "verbs": ["get", "list"],
            "resources": ["deployments", "replicasets", "pods"],
            "apiGroups": ["", "extensions", "apps"],
        }
    ]


@pytest.mark.usefixtures("jane")
@pytest.mark.parametrize("path", ["/rbac", "/rbac/"])
def test_2_what_was_made_is_listed(curl: Curl, path: str) -> None:
    answer = curl("GET", path)
    assert answer.status == 200
    assert answer.json() == {
        "sa_list": [JANE],
        "crole_list": ["developers-from-jwt"],
        "crolebind_list": [f"{JANE}-admin-binding"],
        "rolebind_list": [f"{JANE}-developers-from-jwt-binding"],
    }


def test_empty_lists_are_listed_too(curl: Curl) -> None:
    found = eventually(lambda: listed(curl)["sa_list"] == [] and listed(curl))
    assert found
    assert set(found) == LISTS
    assert found["crolebind_list"] == found["rolebind_list"] == []


def listed(curl: Curl) -> Any:
    return curl("GET", "/rbac").json()


@pytest.mark.usefixtures("jane")
@pytest.mark.parametrize("path", [f"/tokens/{JANE}", f"/tokens/{JANE}/"])
def test_3_the_token_is_fetched_and_5_kubectl_uses_it(
    first: Sandbox, curl: Curl, path: str
) -> None:
    answer = curl("GET", path)
    assert answer.status == 200
    [secret] = answer.json()
    assert secret["name"].startswith(f"{JANE}-token")
    assert set(secret["data"]) == {"ca.crt", "namespace", "token"}
    data = decoded(secret)
    assert data["ca.crt"] == first.ca_file.read_text()
    assert data["namespace"] == "jwt-to-rbac-users"
    assert with_token(first, data["token"], "get", "po").returncode == 0
    nodes = with_token(first, data["token"], "get", "nodes")
    assert "Forbidden" in nodes.stderr


@pytest.mark.usefixtures("jane")
@pytest.mark.parametrize(
    ("slash", "body", "seconds"),
    [
        pytest.param("", '{\n"duration": "12h30m"\n}', 45000, id="as-in-the-readme"),
        pytest.param("/", '{"duration": "1.5h"}', 5400, id="a-fraction"),
        # The session ends after two minutes; the token itself can't be had for less than ten.
        pytest.param("", '{"duration": "2m"}', 600, id="less-than-kubernetes-issues"),
        pytest.param("", '{"duration": "1000h"}', 86400, id="more-than-tokenTTL"),
        pytest.param("", "{}", 86400, id="the-default-is-tokenTTL"),
    ],
)
def test_4_a_token_with_a_ttl_is_made(
    first: Sandbox, curl: Curl, slash: str, body: str, seconds: int
) -> None:
    answer = curl("POST", f"/tokens/{JANE}{slash}", body)
    assert answer.status == 201, answer.text
    secret = answer.json()
    assert isinstance(secret, dict), "one object, as the program answered (its README has a list)"
    token = decoded(secret)["token"]
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] - claims["iat"] == seconds
    assert with_token(first, token, "get", "po").returncode == 0


@pytest.mark.usefixtures("jane")
@pytest.mark.parametrize("duration", ["5", "1d", "", "-1h", "12h30", "abc"])
def test_a_bad_duration_is_refused(curl: Curl, duration: str) -> None:
    answer = curl("POST", f"/tokens/{JANE}", json.dumps({"duration": duration}))
    assert (answer.status, answer.json()["code"]) == (400, "duration_invalid")
    assert is_problem(answer)


@pytest.mark.usefixtures("jane")
def test_where_creating_tokens_is_not_enabled_it_is_no_method(
    first: Sandbox, tmp_path: Path
) -> None:
    for curl in serving(first, tmp_path, creates_tokens=False):
        answer = curl("POST", f"/tokens/{JANE}", "{}")
        assert (answer.status, answer.headers["allow"]) == (405, "GET")
        assert curl("GET", f"/tokens/{JANE}").status == 200


@pytest.mark.parametrize("slash", ["", "/"])
def test_delete_takes_everything_and_then_there_is_nothing(
    first: Sandbox, curl: Curl, slash: str
) -> None:
    assert curl.log_in(later_id_token(first, "jane")).status == 201
    answer = curl("DELETE", f"/rbac/{JANE}{slash}")
    assert (answer.status, answer.text) == (202, "")
    kinds = "serviceaccounts,clusterrolebindings,rolebindings,accessgrants"
    assert eventually(lambda: not names(first, kinds, "-A", *OURS)), names(first, kinds, "-A")
    again = curl("DELETE", f"/rbac/{JANE}{slash}")
    assert again.status == 404
    assert is_problem(again)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_for_nobody_is_not_found(curl: Curl, method: str) -> None:
    answer = curl(method, "/tokens/nobody", "{}" if method == "POST" else None)
    assert answer.status == 404
    assert is_problem(answer)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param('{"token": "example.jwt.token"}', 401, id="no-jwt"),
        pytest.param("{}", 400, id="no-token"),
        pytest.param("{", 400, id="no-json"),
        pytest.param("", 400, id="nothing"),
    ],
)
def test_a_bad_login_is_a_problem_document(curl: Curl, body: str, status: int) -> None:
    answer = curl("POST", "/rbac", body)
    assert answer.status == status
    assert is_problem(answer)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/rbac", {"GET", "POST"}),
        (f"/rbac/{JANE}", {"DELETE"}),
        (f"/tokens/{JANE}", {"GET", "POST"}),
    ],
)
def test_other_methods_are_answered_with_those_that_are(
    curl: Curl, path: str, allowed: set[str], slash: str
) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - allowed:
        answer = curl(method, path + slash)
        assert (answer.status, set(answer.headers["allow"].split(", "))) == (405, allowed)
        assert is_problem(answer)


def test_the_open_api_starts_on_loopback_alone(first: Sandbox, tmp_path: Path) -> None:
    put(tmp_path, "config.yaml", file(first, 5555).replace("127.0.0.1:5555", ":5555"))
    done = told(tmp_path)
    assert done.returncode == 1
    assert "app.unauthenticated lets whoever reaches ':5555' take anybody's access" in done.stderr
