"""Bindings live as long as the newest session: who never comes back loses what they had, unattended."""

import time
from collections.abc import Iterator
from itertools import count

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import clear, get, install, kubectl, names, with_token
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.oracle.recorder import Recorder
from tests.support.release import installed_server
from tests.support.waiting import eventually

USERS = ("-n", "jwt-to-rbac-users")
LONGEST = 6
"""Seconds that a session may last here, and access without one."""

PATIENCE = 60.0
"""Seconds to wait for what takes LONGEST and a moment: a leader must be there first."""

_numbers = count()


@pytest.fixture(scope="module")
def brief(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A server of short lives, the only one that leads."""
    install(sandbox)
    folder = tmp_path_factory.mktemp("brief")
    config = pod_configuration(folder / "audit.log", {issuer.url: AUDIENCE})
    config["tokens"] = {"defaultLifetime": f"{LONGEST}s", "maximumLifetime": f"{LONGEST}s"}
    # A leader looks after everybody, also those whom servers of other policies let in.
    clear(sandbox)
    with installed_server(sandbox, config, folder, controllers=True) as server:
        yield Client(server, folder / "audit.log")
    clear(sandbox)


@pytest.fixture
def name() -> str:
    return f"brief-{next(_numbers)}"


def roles(sandbox: Sandbox, account: str) -> set[str]:
    bindings = get(sandbox, "clusterrolebindings", "-l", "generatedby=jwttorbac")["items"]
    return {b["roleRef"]["name"] for b in bindings if b["subjects"][0]["name"] == account}


def test_access_without_a_session_lapses(
    sandbox: Sandbox, brief: Client, issuer: ManyPeople, name: str
) -> None:
    account = f"{name}-example-com"
    assert brief.log_in(issuer.token(name, groups=["developers"])).status == 201
    assert roles(sandbox, account) == {"developers-from-jwt"}
    assert eventually(lambda: not roles(sandbox, account), PATIENCE)
    assert account not in names(sandbox, "serviceaccounts", *USERS)
    kubectl(sandbox, "wait", f"ag/{account}", "--for=condition=Ready=False", "--timeout=10s")
    assert "AccessLapsed" in kubectl(sandbox, "get", "ag", account, "-o", "yaml")
    kubectl(sandbox, "delete", "ag", account)


def test_a_session_keeps_access_and_its_end_takes_it(
    sandbox: Sandbox, brief: Client, issuer: ManyPeople, name: str
) -> None:
    account, token = f"{name}-example-com", issuer.token(name, groups=["developers"])
    begun = brief.call("POST", "/api/v1/sessions", {}, token).json()
    ends = time.monotonic() + 2 * LONGEST
    while time.monotonic() < ends:
        again = brief.call("POST", "/api/v1/sessions", {"session": begun["name"]}, token)
        assert again.status == 201, again.text
        assert roles(sandbox, account) == {"developers-from-jwt"}
    assert eventually(lambda: not roles(sandbox, account), PATIENCE)
    kubectl(sandbox, "delete", "ag", account)


def test_who_comes_back_after_a_lapse_has_what_the_token_says(
    sandbox: Sandbox, brief: Client, issuer: ManyPeople, name: str
) -> None:
    account = f"{name}-example-com"
    old = issuer.token(name, groups=["developers"], iat=issuer.now() - 600)
    assert brief.log_in(old).status == 201
    assert eventually(lambda: not roles(sandbox, account), PATIENCE)
    # The same token again: its time of issue says nothing of when it was shown.
    begun = brief.call("POST", "/api/v1/sessions", {}, old)
    assert begun.status == 201, begun.text
    assert roles(sandbox, account) == {"developers-from-jwt"}
    assert not eventually(lambda: not roles(sandbox, account), LONGEST / 2)
    kubectl(sandbox, "delete", "ag", account)


def test_a_first_login_with_an_old_token_gives_access_that_stays(
    sandbox: Sandbox, brief: Client, issuer: ManyPeople, oracle: Recorder, name: str
) -> None:
    account, began = f"{name}-example-com", oracle.mark()
    old = issuer.token(name, groups=["developers"], iat=issuer.now() - 600)
    assert brief.log_in(old).status == 201
    kubectl(sandbox, "wait", f"ag/{account}", "--for=condition=Ready", "--timeout=10s")
    # Not even for a moment: whoever leads has heard of the AccessGrant before the login was told.
    gone = [one for one in oracle.history(began).of([account]).revisions if one.gone]
    assert not gone, [str(one) for one in gone]
    assert roles(sandbox, account) == {"developers-from-jwt"}
    kubectl(sandbox, "delete", "ag", account)


def works(sandbox: Sandbox, token: str) -> bool:
    return with_token(sandbox, token, "get", "pods", "-A").returncode == 0


def test_a_session_shorter_than_kubernetes_allows_ends_on_time(
    sandbox: Sandbox, brief: Client, issuer: ManyPeople, name: str
) -> None:
    token = issuer.token(name, groups=["developers"])
    lasting = brief.call("POST", "/api/v1/sessions", {}, token).json()
    begun = brief.call("POST", "/api/v1/sessions", {"duration": "2s"}, token).json()
    assert begun["name"] in names(sandbox, "secrets", *USERS)
    assert eventually(lambda: begun["name"] not in names(sandbox, "secrets", *USERS), PATIENCE)
    assert lasting["expires"] > begun["expires"]
    assert eventually(lambda: not works(sandbox, begun["token"]), PATIENCE)
    events = [one["event"] for one in brief.audited() if one.get("session") == begun["name"]]
    assert events == ["token", "session_expired"]
    kubectl(sandbox, "delete", "ag", f"{name}-example-com")


def test_a_renewal_of_a_short_session_is_for_as_long_again(
    sandbox: Sandbox, brief: Client, issuer: ManyPeople, name: str
) -> None:
    token = issuer.token(name, groups=["developers"])
    wish = {"duration": f"{LONGEST}s"}
    begun = brief.call("POST", "/api/v1/sessions", wish, token).json()
    until = time.monotonic() + 2 * LONGEST
    while time.monotonic() < until:
        wish["session"] = begun["name"]
        assert brief.call("POST", "/api/v1/sessions", wish, token).status == 201
    assert begun["name"] in names(sandbox, "secrets", *USERS)
    kubectl(sandbox, "delete", "ag", f"{name}-example-com")
