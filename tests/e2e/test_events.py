"""Kubernetes Events on the AccessGrant: what happened to a person, for who asks kubectl."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import clear, get, install, kubectl
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server
from tests.support.waiting import eventually

POLICY: dict[str, object] = {
    "rules": [
        {"name": "admins", "groups": ["admins"], "clusterRole": "admin"},
        {"name": "viewers", "groups": ["viewers"], "clusterRole": "view"},
        {"name": "absent", "groups": ["lost"], "clusterRole": "no-such-role"},
        *(
            {"name": f"team-{n}", "groups": ["many"], "clusterRole": f"a-rather-long-name-{n}"}
            for n in range(80)
        ),
    ]
}


@pytest.fixture(scope="module")
def told(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A server with a policy of its own."""
    install(sandbox)
    folder: Path = tmp_path_factory.mktemp("events")
    audit = folder / "audit.log"
    config = pod_configuration(audit, {issuer.url: AUDIENCE}, POLICY)
    with installed_server(sandbox, config, folder) as server:
        yield Client(server, audit)
    clear(sandbox)


def events(sandbox: Sandbox, account: str) -> dict[str, str]:
    """The notes of an AccessGrant's Events, by reason."""
    found = get(
        sandbox, "events", "-n", "default", "--field-selector", f"involvedObject.name={account}"
    )
    return {one["reason"]: one["message"] for one in found["items"]}


def test_what_logins_change_is_described_with_the_access_grant(
    sandbox: Sandbox, told: Client, issuer: ManyPeople
) -> None:
    now = issuer.now()
    assert told.log_in(issuer.token("described", groups=["admins"], iat=now - 9)).status == 201
    assert told.log_in(issuer.token("described", groups=["viewers"], iat=now)).status == 201
    account = "described-example-com"
    assert eventually(lambda: "AccessChanged" in events(sandbox, account))
    note = "A login changed what is held: given view@cluster; taken admin@cluster."
    assert events(sandbox, account)["AccessChanged"] == note
    assert note in kubectl(sandbox, "describe", "ag", account)


def test_a_revocation_is_told_though_the_access_grant_is_gone(
    sandbox: Sandbox, told: Client, issuer: ManyPeople
) -> None:
    token = issuer.token("leaving", groups=["admins"])
    assert told.log_in(token).status == 201
    assert told.call("DELETE", "/rbac/leaving-example-com", bearer=token).status == 202
    assert eventually(lambda: "Revoked" in events(sandbox, "leaving-example-com"))


def test_a_cluster_role_that_is_absent_is_a_warning(
    sandbox: Sandbox, told: Client, issuer: ManyPeople
) -> None:
    assert told.log_in(issuer.token("waiting", groups=["lost"])).status == 201
    account = "waiting-example-com"
    assert eventually(lambda: "ClusterRoleAbsent" in events(sandbox, account))
    assert "no-such-role" in events(sandbox, account)["ClusterRoleAbsent"]


def test_a_note_that_is_too_long_is_cut(sandbox: Sandbox, told: Client, issuer: ManyPeople) -> None:
    now, account = issuer.now(), "manifold-example-com"
    assert told.log_in(issuer.token("manifold", groups=["viewers"], iat=now - 9)).status == 201
    assert told.log_in(issuer.token("manifold", groups=["many"], iat=now)).status == 201
    assert eventually(lambda: "AccessChanged" in events(sandbox, account))
    note = events(sandbox, account)["AccessChanged"]
    assert len(note.encode()) == 1024
    assert note.endswith("…")


def test_no_token_is_told(sandbox: Sandbox, told: Client, issuer: ManyPeople) -> None:
    """Renewals come by the minute: the audit record has them, `kubectl describe` doesn't."""
    token, account = issuer.token("renewing", groups=["admins"]), "renewing-example-com"
    assert told.log_in(token).status == 201
    assert told.call("GET", f"/tokens/{account}", bearer=token).status == 200
    assert told.call("DELETE", f"/api/v1/people/{account}/sessions", bearer=token).status == 202
    # In the order in which they happened: what is told last shows that nothing came before.
    assert eventually(lambda: "SessionEnded" in events(sandbox, account))
    assert set(events(sandbox, account)) == {"SessionEnded"}
