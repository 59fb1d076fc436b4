"""Mode groups: the policy's bindings are for Groups and Users, and an API server reads ID tokens alone."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import get, kubectl
from tests.support.configuration import write
from tests.support.server import Server, free_port, running_server
from tests.support.waiting import eventually
from tests.webhooks.api_server import beside
from tests.webhooks.conftest import ISSUER, Hooked, settings
from tests.webhooks.people import PEOPLE, POLICY
from tests.webhooks.table import answered, policys_word

MARK = "jwt-to-rbac.io/mode=groups"
EVE = "hooks-eve@example.com"


def policy(mode: str) -> dict[str, object]:
    """The table's policy, with a rule for a User and a namespace that comes to be chosen later."""
    rules = POLICY["rules"]
    assert isinstance(rules, list)
    for_eve = {"name": "eve", "when": f"user.username == '{EVE}'", "clusterRole": "view"}
    return {"mode": mode, "rules": [*rules, for_eve]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, hooked: Hooked) -> Path:
    made = tmp_path_factory.mktemp("groups")
    for name in ("server.crt", "server.key", "ca.crt"):
        (made / name).symlink_to(hooked.exports.folder / name)
    return made


@pytest.fixture(scope="module")
def keeper(hooked: Hooked, folder: Path) -> Iterator[Server]:
    """A product of its own that keeps the bindings, for the whole file."""
    whole = settings(hooked.sandbox, hooked.issuers, folder, free_port(), policy("groups"))
    with running_server(whole, folder, controllers=True) as server:
        assert eventually(lambda: len(standing(hooked)) == 5, 30.0), server.said()
        yield server


def standing(hooked: Hooked) -> list[tuple[str, str, str, str]]:
    """(namespace, role, kind, name) of each binding that was made for Groups and Users."""
    return sorted(
        (
            one["metadata"].get("namespace", ""),
            one["roleRef"]["name"],
            one["subjects"][0]["kind"],
            one["subjects"][0]["name"],
        )
        for one in get(hooked.sandbox, "clusterrolebindings,rolebindings", "-A", "-l", MARK)[
            "items"
        ]
    )


BOUND = [
    ("", "hooks-developers-from-jwt", "Group", "hooks-developers"),
    ("", "hooks-watchers-from-jwt", "Group", "hooks-watchers"),
    ("", "view", "User", EVE),
    ("hooks-a", "view", "Group", "hooks-viewers"),
    ("hooks-example", "admin", "Group", "hooks-admins"),
]


def test_an_id_token_may_what_its_service_account_token_may(hooked: Hooked, keeper: Server) -> None:
    assert standing(hooked) == BOUND
    suspend(hooked, "hooks-suspended")
    tokens = {person: hooked.token(person) for person in PEOPLE}
    flag = hooked.exports.authentication(hooked.config, "--refuse-suspended")
    with hooked.sandbox.api_server_beside("groups-apiserver", flag) as url:
        server = beside(hooked.sandbox, url)
        # An API server learns of an issuer in the background.
        assert eventually(lambda: server.user(tokens["hooks-jane"]), 20.0)
        assert answered(server, tokens) == policys_word(hooked)
        assert server.allows(hooked.token("hooks-eve"), "GET", "/api/v1/pods")
        assert server.user(hooked.token("hooks-suspended")) is None
        masters = hooked.token("hooks-jane", groups=["system:masters"])
        assert server.user(masters) is None


def suspend(hooked: Hooked, name: str) -> None:
    """As an administrator does it for somebody who never logged in with us."""
    subject = {"issuer": hooked.issuers.url(ISSUER), "subject": f"sub-{name}", "username": name}
    grant = {
        "apiVersion": "jwt-to-rbac.io/v1alpha1",
        "kind": "AccessGrant",
        "metadata": {"name": name},
        "spec": {
            "subject": subject,
            "suspended": True,
            "serviceAccount": {"namespace": "jwt-to-rbac-users", "name": name},
            "claimsIssuedAt": "2026-01-01T00:00:00Z",
        },
    }
    file = hooked.exports.folder / "suspended.json"
    file.write_text(json.dumps(grant))
    kubectl(hooked.sandbox, "apply", "-f", str(file))


def test_what_somebody_deletes_or_a_namespace_no_longer_earns_is_mended(
    hooked: Hooked, keeper: Server
) -> None:
    kubectl(hooked.sandbox, "delete", "clusterrolebindings", "-l", MARK)
    kubectl(hooked.sandbox, "label", "namespace", "hooks-a", "hooks-team-")
    try:
        assert eventually(lambda: standing(hooked) == [*BOUND[:3], BOUND[4]], 20.0)
    finally:
        kubectl(hooked.sandbox, "label", "namespace", "hooks-a", "hooks-team=a")
    assert eventually(lambda: standing(hooked) == BOUND, 20.0)


def test_nobody_gets_an_account_of_their_own(hooked: Hooked, keeper: Server) -> None:
    body = json.dumps({"token": hooked.token("hooks-jane")})
    asked = ["curl", "-s", "-X", "POST", f"{keeper.url}/rbac/", "-d", body]
    assert json.loads(run(asked))["code"] == "no_access"


def run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_another_mode_takes_them_all_while_running(
    hooked: Hooked, keeper: Server, folder: Path
) -> None:
    before = json.loads((folder / "config.yaml").read_text())
    address = before.pop("server")["address"]
    write(before | {"policy": policy("accounts")}, address, folder)
    assert eventually(lambda: standing(hooked) == [], 30.0), keeper.said()
