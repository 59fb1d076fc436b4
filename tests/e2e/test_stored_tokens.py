"""Tokens that stay in a Secret, as the first system's did: behind a setting, and with an end."""

import base64
from collections.abc import Iterator
from itertools import count

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import get, install, with_token
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server

USERS = ("-n", "jwt-to-rbac-users")

_numbers = count()


@pytest.fixture(scope="module")
def storing(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    install(sandbox)
    folder = tmp_path_factory.mktemp("storing")
    audit = folder / "audit.log"
    config = pod_configuration(audit, {issuer.url: AUDIENCE})
    with installed_server(sandbox, config | {"tokens": {"stored": True}}, folder) as server:
        yield Client(server, audit)


@pytest.fixture
def name() -> str:
    return f"keeper-{next(_numbers)}"


@pytest.fixture
def account(name: str) -> str:
    return f"{name}-example-com"


@pytest.fixture
def keeper(storing: Client, issuer: ManyPeople, name: str, account: str) -> Iterator[str]:
    token = issuer.token(name, groups=["developers"])
    assert storing.log_in(token).status == 201
    yield token
    storing.call("DELETE", f"/rbac/{account}", bearer=token)


def test_a_stored_token_works_and_is_there_to_be_fetched_again(
    sandbox: Sandbox, storing: Client, keeper: str, account: str
) -> None:
    made = storing.call("POST", f"/tokens/{account}", {"duration": "1h"}, keeper)
    assert made.status == 201, made.text
    token = base64.b64decode(made.json()["data"]["token"]).decode()
    assert with_token(sandbox, token, "get", "pods", "-A").returncode == 0
    fetched = storing.call("GET", f"/tokens/{account}", bearer=keeper).json()
    assert fetched == [made.json()]
    secret = get(sandbox, "secret", made.json()["name"], *USERS)
    assert secret["type"] == "kubernetes.io/service-account-token"
    assert token not in storing.audit.read_text()


def test_a_stored_token_is_a_session_and_ends_as_one(
    sandbox: Sandbox, storing: Client, keeper: str, account: str
) -> None:
    made = storing.call("POST", f"/tokens/{account}", {}, keeper).json()
    path = f"/api/v1/people/{account}/sessions"
    names = [one["name"] for one in storing.call("GET", path, bearer=keeper).json()["items"]]
    assert made["name"] in names
    assert storing.call("DELETE", f"{path}/{made['name']}", bearer=keeper).status == 202
    assert (
        get(sandbox, "secrets", *USERS, f"--field-selector=metadata.name={made['name']}")["items"]
        == []
    )


def test_without_the_setting_no_token_is_stored(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    token = issuer.token("keeper-not", groups=["developers"])
    client.log_in(token)
    made = client.call("POST", "/tokens/keeper-not-example-com", {}, token).json()
    secret = get(sandbox, "secret", made["name"], *USERS)
    assert secret["type"] == "jwt-to-rbac.io/session"
    assert "data" not in secret
    client.call("DELETE", "/rbac/keeper-not-example-com", bearer=token)
