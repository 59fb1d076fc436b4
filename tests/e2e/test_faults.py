"""Errors of the cluster in the middle of a login: never more access than the plan, and then completed.

Each call that a login really makes is spoiled in turn, in each way, on the wire in front of the
real API server; new calls are covered without anyone thinking of them.
"""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Answer, Client
from tests.support.cluster import clear, get, install
from tests.support.configuration import pod_configuration
from tests.support.faults import Fault, Faults, faulty_api_server
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import install_chart
from tests.support.waiting import eventually

ADMIN, DEVELOPER = "admin", "developers-from-jwt"
TYPED = {201: None, 502: "cluster_refused", 503: "cluster_unavailable"}
ALSO_503 = {"busy"}


@dataclass(frozen=True)
class Spoiled:
    """A server behind a proxy that spoils calls."""

    sandbox: Sandbox
    client: Client
    faults: Faults
    issuer: ManyPeople

    def roles(self, account: str) -> set[str]:
        """The ClusterRoles that are bound to the account's ServiceAccount now, whoever bound them."""
        return {
            binding["roleRef"]["name"]
            for binding in get(self.sandbox, "clusterrolebindings")["items"]
            if any(subject["name"] == account for subject in binding.get("subjects", []))
        }

    def log_in(self, token: str, duration: str | None) -> Answer:
        return self.client.call("POST", "/rbac/", {"token": token, "duration": duration})

    def calls_of(self, token: str, duration: str | None) -> list[str]:
        """The calls that a login with this token makes, once all is settled."""
        self.faults.heal()
        account = self.log_in(token, duration).json()["ServiceAccount"]
        assert eventually(lambda: any(c.endswith("/status") for c in self.faults.calls)), account
        return list(self.faults.calls)


@pytest.fixture(scope="module")
def spoiled(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Spoiled]:
    install(sandbox)
    folder = tmp_path_factory.mktemp("spoiled")
    config = pod_configuration(folder / "audit.log", {issuer.url: AUDIENCE})
    release = install_chart(sandbox, config, folder)
    with (
        faulty_api_server(release.credential(folder), folder) as faults,
        release.started(folder, faults.kubeconfig, controllers=False) as server,
    ):
        yield Spoiled(sandbox, Client(server, folder / "audit.log"), faults, issuer)
    clear(sandbox)


def is_typed(answer: Answer) -> bool:
    """A success, or a problem document with the code that belongs to its status."""
    if answer.status == 201:
        return True
    code = answer.json()["code"]
    return code == TYPED.get(answer.status) or (answer.status == 503 and code in ALSO_503)


@pytest.mark.parametrize("duration", [None, "1h"], ids=["alone", "with a token"])
@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
def test_a_first_login_spoiled_at_any_call_never_widens_access_and_the_next_completes_it(
    spoiled: Spoiled, fault: Fault, duration: str | None
) -> None:
    calls = spoiled.calls_of(spoiled.issuer.token(secrets.token_hex(6)), duration)
    assert len(calls) >= 5, calls
    for at, call in enumerate(calls):
        name = f"f{secrets.token_hex(5)}"
        token = spoiled.issuer.token(name)
        spoiled.faults.spoil(at, fault)
        answer = spoiled.log_in(token, duration)
        where = f"{fault.name} at {call}: {answer.status} {answer.text}"
        assert is_typed(answer), where
        assert spoiled.roles(f"{name}-example-com") <= {ADMIN, DEVELOPER}, where
        spoiled.faults.heal()
        again = spoiled.log_in(token, duration)
        assert again.status == 201, f"{where}, then {again.text}"
        assert spoiled.roles(f"{name}-example-com") == {ADMIN, DEVELOPER}, where


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
def test_a_lost_group_spoiled_at_any_call_is_never_more_access_and_the_next_login_takes_it(
    spoiled: Spoiled, fault: Fault
) -> None:
    now = 1_000  # seconds ago, counted down: each token is newer than the one before
    for at in range(3):
        name = f"l{secrets.token_hex(5)}"
        account = f"{name}-example-com"
        before, after = tokens(spoiled.issuer, name, now - at)
        assert spoiled.client.log_in(before).status == 201
        assert spoiled.roles(account) == {ADMIN, DEVELOPER}
        spoiled.faults.spoil(at, fault)
        answer = spoiled.client.log_in(after)
        calls = spoiled.faults.calls
        where = f"{fault.name} at call {at} of {calls}: {answer.status} {answer.text}"
        assert is_typed(answer), where
        assert spoiled.roles(account) <= {ADMIN, DEVELOPER}, where
        if at > 0:
            assert ADMIN not in spoiled.roles(account), f"not revoked first: {where}"
        spoiled.faults.heal()
        assert spoiled.client.log_in(after).status == 201, where
        assert spoiled.roles(account) == {DEVELOPER}, where
        # And the older token brings nothing back.
        assert spoiled.client.log_in(before).status == 201
        assert spoiled.roles(account) == {DEVELOPER}, where


def tokens(issuer: ManyPeople, name: str, ago: int) -> tuple[str, str]:
    """Two tokens of one person: with both groups, and a second later with one."""
    then = int(time.time()) - ago
    both = issuer.token(name, iat=then)
    fewer = issuer.token(name, iat=then + 1, groups=["developers"])
    return both, fewer
