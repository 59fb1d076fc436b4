"""A session a device: tokens are bound to it, it can be renewed, seen and ended, alone or with all."""

import base64
from collections.abc import Iterator
from itertools import count

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import get, kubectl, names, with_token
from tests.support.issuer import ManyPeople
from tests.support.waiting import eventually

USERS = ("-n", "jwt-to-rbac-users")
TOKEN_CACHE = 11.0
"""Seconds for which the API server may take a token whose Secret has gone (10), and one more."""

_numbers = count()


@pytest.fixture
def name() -> str:
    return f"session-{next(_numbers)}"


@pytest.fixture
def person(client: Client, issuer: ManyPeople, name: str) -> Iterator[str]:
    """The ID token of somebody new; their account is `<name>-example-com`."""
    token = issuer.token(name, groups=["developers"])
    yield token
    client.call("DELETE", f"/rbac/{name}-example-com", bearer=token)


def begin(client: Client, bearer: str, **wish: str) -> dict[str, str]:
    answer = client.call("POST", "/api/v1/sessions", wish, bearer)
    assert answer.status == 201, answer.text
    return dict(answer.json())


def sessions(client: Client, account: str, bearer: str) -> list[dict[str, str]]:
    answer = client.call("GET", f"/api/v1/people/{account}/sessions", bearer=bearer)
    assert answer.status == 200, answer.text
    return list(answer.json()["items"])


def works(sandbox: Sandbox, token: str) -> bool:
    return with_token(sandbox, token, "get", "pods", "-A").returncode == 0


def test_a_session_begins_with_one_request_and_its_token_works(
    sandbox: Sandbox, client: Client, person: str, name: str
) -> None:
    begun = begin(client, person, device="jane's laptop", duration="30m")
    account = f"{name}-example-com"
    assert begun["account"] == account
    assert begun["name"].startswith(f"{account}-token-")
    assert works(sandbox, begun["token"])
    (listed,) = sessions(client, account, person)
    assert listed["device"] == "jane's laptop"
    assert {key: begun[key] for key in listed} == listed
    secret = get(sandbox, "secret", begun["name"], *USERS)
    assert "data" not in secret
    assert secret["metadata"]["ownerReferences"][0]["name"] == account


def test_ending_one_session_ends_its_token_and_no_other(
    sandbox: Sandbox, client: Client, person: str, name: str
) -> None:
    one, other = begin(client, person), begin(client, person)
    account = f"{name}-example-com"
    path = f"/api/v1/people/{account}/sessions/{one['name']}"
    assert client.call("DELETE", path, bearer=person).status == 202
    assert [s["name"] for s in sessions(client, account, person)] == [other["name"]]
    assert eventually(lambda: not works(sandbox, one["token"]), TOKEN_CACHE)
    assert works(sandbox, other["token"])
    assert client.call("DELETE", path, bearer=person).status == 404


def test_all_sessions_end_at_once(sandbox: Sandbox, client: Client, person: str, name: str) -> None:
    begun = [begin(client, person) for _ in range(3)]
    account = f"{name}-example-com"
    path = f"/api/v1/people/{account}/sessions"
    assert client.call("DELETE", path, bearer=person).status == 202
    assert sessions(client, account, person) == []
    assert eventually(lambda: not any(works(sandbox, b["token"]) for b in begun), TOKEN_CACHE)


def test_a_renewal_that_names_its_session_keeps_it(client: Client, person: str, name: str) -> None:
    begun = begin(client, person, device="laptop", duration="20m")
    renewed = begin(client, person, session=begun["name"], duration="40m")
    assert renewed["name"] == begun["name"]
    assert renewed["token"] != begun["token"]
    (listed,) = sessions(client, f"{name}-example-com", person)
    assert listed["expires"] == renewed["expires"] > begun["expires"]
    assert listed["device"] == "laptop"


def test_a_session_that_has_ended_is_not_renewed(client: Client, person: str, name: str) -> None:
    begun = begin(client, person)
    account = f"{name}-example-com"
    client.call("DELETE", f"/api/v1/people/{account}/sessions/{begun['name']}", bearer=person)
    answer = client.call("POST", "/api/v1/sessions", {"session": begun["name"]}, person)
    assert (answer.status, answer.json()["code"]) == (410, "session_ended")


def test_nobody_renews_or_ends_or_sees_the_session_of_another(
    client: Client, issuer: ManyPeople, person: str, name: str
) -> None:
    begun = begin(client, person)
    account = f"{name}-example-com"
    other = issuer.token(f"{name}-other", groups=["developers"])
    mine = begin(client, other)
    answer = client.call("POST", "/api/v1/sessions", {"session": begun["name"]}, other)
    assert (answer.status, answer.json()["code"]) == (410, "session_ended")
    path = f"/api/v1/people/{account}/sessions"
    refused = [
        client.call("GET", path, bearer=other),
        client.call("DELETE", path, bearer=other),
        client.call("DELETE", f"{path}/{begun['name']}", bearer=other),
        client.call("GET", "/api/v1/people/no-such-account/sessions", bearer=other),
    ]
    assert [(r.status, r.json()["code"]) for r in refused] == [(403, "forbidden")] * 4
    # One's own path with another's session finds nothing.
    odd = f"/api/v1/people/{mine['account']}/sessions/{begun['name']}"
    assert client.call("DELETE", odd, bearer=other).status == 404
    assert [s["name"] for s in sessions(client, account, person)] == [begun["name"]]
    client.call("DELETE", f"/rbac/{mine['account']}", bearer=other)


def test_reading_tokens_the_old_way_leaves_one_session_behind(
    client: Client, person: str, name: str
) -> None:
    client.log_in(person)
    account = f"{name}-example-com"
    seen = [client.call("GET", f"/tokens/{account}", bearer=person).json()[0] for _ in range(3)]
    (listed,) = sessions(client, account, person)
    assert {one["name"] for one in seen} == {listed["name"]}
    assert len({base64.b64decode(one["data"]["token"]) for one in seen}) == 3


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"device": "a\nb"}, id="line-break"),
        pytest.param({"device": "x" * 129}, id="too-long"),
        pytest.param({"device": 7}, id="a-number"),
        pytest.param({"duration": "1"}, id="no-unit"),
    ],
)
def test_a_bad_wish_is_refused_before_anything_is_made(
    sandbox: Sandbox, client: Client, issuer: ManyPeople, name: str, body: dict[str, object]
) -> None:
    token = issuer.token(name, groups=["developers"])
    assert client.call("POST", "/api/v1/sessions", body, token).status == 400
    assert f"accessgrant.jwt-to-rbac.io/{name}-example-com" not in names(sandbox, "accessgrants")


def test_sessions_go_with_their_person(
    sandbox: Sandbox, client: Client, issuer: ManyPeople, name: str
) -> None:
    token = issuer.token(name, groups=["developers"])
    begun = begin(client, token)
    client.call("DELETE", f"/rbac/{name}-example-com", bearer=token)
    assert eventually(lambda: begun["name"] not in names(sandbox, "secrets", *USERS), 60.0)
    assert eventually(lambda: not works(sandbox, begun["token"]), TOKEN_CACHE)


def test_what_somebody_wrote_into_a_session_by_hand_gives_nothing(
    sandbox: Sandbox, client: Client, person: str, name: str
) -> None:
    begun = begin(client, person)
    kubectl(
        sandbox,
        "annotate",
        "secret",
        begun["name"],
        *USERS,
        "--overwrite",
        "jwt-to-rbac.io/expires=never",
    )

    def renewal_is_refused() -> bool:
        wish = {"session": begun["name"]}
        return client.call("POST", "/api/v1/sessions", wish, person).status == 410

    assert eventually(renewal_is_refused)


def test_renewing_a_session_that_a_revocation_took_gives_nothing_back(
    sandbox: Sandbox, client: Client, issuer: ManyPeople, name: str
) -> None:
    account = f"{name}-example-com"
    begun = begin(client, issuer.token(name, groups=["developers"], iat=issuer.now() - 60))
    newer = issuer.token(name, groups=["developers"])
    assert client.call("DELETE", f"/api/v1/people/{account}", bearer=newer).status == 202
    newest = issuer.token(name, groups=["developers"], iat=issuer.now() + 2)
    wish = {"session": begun["name"]}
    for token, refusal in ((newer, (401, "token_revoked")), (newest, (410, "session_ended"))):
        answer = client.call("POST", "/api/v1/sessions", wish, token)
        assert (answer.status, answer.json()["code"]) == refusal
    assert account not in names(sandbox, "accessgrants")
    assert account not in names(sandbox, "serviceaccounts", *USERS)
