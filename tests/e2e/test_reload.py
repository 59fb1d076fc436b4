"""A changed configuration reaches everybody at once, on the real cluster: nobody logs in again here."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import clear, get, install, kubectl, names, run_kubectl
from tests.support.configuration import pod_configuration, write
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import install_chart
from tests.support.waiting import eventually

SOON = 5.0
"""Seconds that a change may take on a busy machine; the next look at everybody is minutes away."""

BAKERS, SMITHS = "reload-bakers-from-jwt", "reload-smiths-from-jwt"


def read(resource: str) -> list[dict[str, object]]:
    """Rules of an own ClusterRole."""
    return [{"verbs": ["get", "list"], "apiGroups": [""], "resources": [resource]}]


def policy(dynamic: bool = True, **resources: str) -> dict[str, object]:
    """Everybody may view; each trade that is named here may read its resource too."""
    viewers = {"name": "viewers", "groups": ["viewers"], "clusterRole": "view"}
    own = [
        {"name": f"reload-{trade}", "groups": [trade], "rules": read(resource)}
        for trade, resource in resources.items()
    ]
    return {"dynamicRoles": dynamic, "rules": [viewers, *own]}


@dataclass(frozen=True)
class Led:
    """A server that leads, whose configuration a test may change."""

    sandbox: Sandbox
    client: Client
    issuer: ManyPeople
    folder: Path

    def put(self, policy: dict[str, object], issuer: str = "") -> None:
        """Save a configuration, and return when it is in force."""
        issuers = {issuer or self.issuer.url: AUDIENCE}
        whole = pod_configuration(self.client.audit, issuers, policy)
        file = self.folder / "config.yaml"
        before, taken_up = file.read_text(), self._taken_up()
        write(whole, urlsplit(self.client.server.url).netloc, self.folder)
        if file.read_text() != before:
            assert eventually(lambda: self._taken_up() > taken_up), self.client.server.said()

    def _taken_up(self) -> int:
        return [one["event"] for one in self.client.audited()].count("configuration")

    def log_in(self, name: str, *groups: str) -> str:
        """The account's name."""
        answer = self.client.log_in(self.issuer.token(name, groups=list(groups)))
        assert answer.status == 201, answer.text
        account: str = answer.json()["ServiceAccount"]
        return account

    def held(self, account: str) -> set[str]:
        """What is bound to the account, or a group, on the whole cluster."""
        return {
            one["roleRef"]["name"]
            for one in get(self.sandbox, "clusterrolebindings")["items"]
            if account in [subject["name"] for subject in one.get("subjects", [])]
        }

    def may_read(self, role: str) -> list[str]:
        """The resources of a ClusterRole; none where there is no such role."""
        asked = ["--kubeconfig", str(self.sandbox.kubeconfig), "get", "clusterrole", role]
        answer = run_kubectl(self.sandbox, [*asked, "-o", "json"], check=False)
        if answer.returncode:
            return []
        found: dict[str, Any] = json.loads(answer.stdout)
        return [resource for rule in found["rules"] or [] for resource in rule["resources"]]


@pytest.fixture(scope="module")
def led(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Led]:
    install(sandbox)
    clear(sandbox)
    folder = tmp_path_factory.mktemp("led")
    audit = folder / "audit.log"
    audit.touch()
    # Rights for all that the policies here name, as whoever changes one puts them there before.
    widest = policy(bakers="pods", smiths="services")
    begun = pod_configuration(audit, {issuer.url: AUDIENCE}, widest)
    release = install_chart(sandbox, begun, folder, "reloaded", admission={"enabled": False})
    with release.started(folder) as server:
        client = Client(server, audit)
        leads = "\njwt_to_rbac_leader 1.0\n"
        assert eventually(lambda: leads in client.call("GET", "/metrics").text, 15)
        yield Led(sandbox, client, issuer, folder)
    clear(sandbox)
    kubectl(sandbox, "delete", "clusterrole", BAKERS, SMITHS, "--ignore-not-found")


def test_people_who_do_not_log_in_lose_what_the_policy_drops_and_then_its_role_goes(
    led: Led,
) -> None:
    led.put(policy(bakers="pods", smiths="services"))
    both = {"view", BAKERS}
    people = [led.log_in(f"reload-{n}", "viewers", "bakers") for n in range(3)]
    assert all(led.held(account) == both for account in people)
    led.put(policy(smiths="services"))
    changed = time.monotonic()
    assert eventually(lambda: all(led.held(account) == {"view"} for account in people), SOON)
    assert eventually(lambda: BAKERS not in names(led.sandbox, "clusterroles"), SOON)
    assert time.monotonic() - changed < SOON
    assert led.may_read(SMITHS) == ["services"]
    removed = [one for one in led.client.audited() if one["event"] == "role_removed"]
    assert BAKERS in [one["role"] for one in removed]
    led.put(policy(bakers="pods", smiths="services"))
    assert eventually(lambda: all(led.held(account) == both for account in people), SOON)
    assert eventually(lambda: led.may_read(BAKERS) == ["pods"], SOON)


def test_how_far_a_changed_policy_is_in_force_is_told(led: Led) -> None:
    led.put(policy(bakers="pods"))
    people = [led.log_in(f"reload-told-{n}", "viewers", "bakers") for n in range(3)]
    led.put(policy(smiths="services"))

    def told() -> dict[str, Any]:
        ready: dict[str, Any] = led.client.call("GET", "/readyz?verbose").json()["controllers"]
        return ready

    assert eventually(lambda: told()["taking"] >= len(people), SOON), told()
    assert eventually(lambda: told()["accountsWaiting"] == 0, SOON), told()
    assert told()["leading"]
    assert all(led.held(account) == {"view"} for account in people)
    metrics = led.client.call("GET", "/metrics").text
    assert "\njwt_to_rbac_unattended_queue_depth 0.0\n" in metrics
    for account in people:
        given = get(led.sandbox, "accessgrant", account)["status"]["grants"]
        assert [one["clusterRole"] for one in given] == ["view"]


def test_changed_rules_are_in_the_role_without_a_login(led: Led) -> None:
    led.put(policy(bakers="pods"))
    assert eventually(lambda: led.may_read(BAKERS) == ["pods"], SOON)
    led.put(policy(bakers="configmaps"))
    assert eventually(lambda: led.may_read(BAKERS) == ["configmaps"], SOON)


@pytest.mark.parametrize("damage", ["widened", "deleted", "emptied"])
def test_a_role_that_somebody_changed_by_hand_is_put_back(led: Led, damage: str) -> None:
    led.put(policy(bakers="pods"))
    assert eventually(lambda: led.may_read(BAKERS) == ["pods"], SOON)
    if damage == "deleted":
        kubectl(led.sandbox, "delete", "clusterrole", BAKERS)
    else:
        rules = read("secrets") if damage == "widened" else []
        patch = json.dumps({"rules": rules})
        kubectl(led.sandbox, "patch", "clusterrole", BAKERS, "--type=merge", "-p", patch)
    assert eventually(lambda: led.may_read(BAKERS) == ["pods"], SOON)


def test_roles_of_others_are_never_touched(led: Led) -> None:
    """Neither one of another name that bears our marks, nor one of a rule's name that doesn't."""
    theirs, smiths = "reload-marked", SMITHS
    led.put(policy(bakers="pods"))
    assert eventually(lambda: smiths not in names(led.sandbox, "clusterroles"), SOON)
    marks = ("generatedby=jwttorbac", "app.kubernetes.io/managed-by=jwt-to-rbac")
    for name in (theirs, smiths):
        kubectl(led.sandbox, "create", "clusterrole", name, "--verb=get", "--resource=secrets")
    kubectl(led.sandbox, "label", "clusterrole", theirs, *marks)
    try:
        led.put(policy(smiths="services"))
        assert eventually(lambda: BAKERS not in names(led.sandbox, "clusterroles"), SOON)
        not_kept = "\njwt_to_rbac_roles_not_kept 1.0\n"
        assert eventually(lambda: not_kept in led.client.call("GET", "/metrics").text, SOON)
        assert smiths in led.client.server.said()
        led.put(policy(bakers="pods"))
        assert eventually(lambda: led.may_read(BAKERS) == ["pods"], SOON)
        assert led.may_read(theirs) == led.may_read(smiths) == ["secrets"]
    finally:
        kubectl(led.sandbox, "delete", "clusterrole", theirs, smiths)


def test_without_the_setting_roles_are_left_and_bound_only_as_the_policy_has_them(
    led: Led,
) -> None:
    led.put(policy(bakers="pods", smiths="services"))
    assert eventually(lambda: led.may_read(SMITHS) == ["services"], SOON)
    account = led.log_in("reload-static", "viewers", "smiths")
    led.put(policy(dynamic=False, bakers="secrets"))
    # When this person's access has followed, the roles would have too.
    assert eventually(lambda: led.held(account) == {"view"}, SOON)
    bakers = led.issuer.token("reload-baker", groups=["bakers"])
    answer = led.client.log_in(bakers)
    assert (answer.status, answer.json()["code"]) == (500, "role_outdated")
    assert led.may_read(BAKERS) == ["pods"]
    assert led.may_read(SMITHS) == ["services"]


def test_another_mode_moves_what_is_bound_and_keeps_the_role(led: Led) -> None:
    led.put(policy(bakers="pods"))
    account = led.log_in("reload-mode", "bakers")
    uid = get(led.sandbox, "clusterrole", BAKERS)["metadata"]["uid"]
    led.put(policy(bakers="pods") | {"mode": "groups"})
    assert eventually(lambda: not led.held(account), SOON)
    assert eventually(lambda: BAKERS in led.held("bakers"), SOON)
    led.put(policy(bakers="configmaps") | {"mode": "groups"})
    assert eventually(lambda: led.may_read(BAKERS) == ["configmaps"], SOON)
    led.put(policy(bakers="pods"))
    assert eventually(lambda: led.held(account) == {BAKERS}, SOON)
    assert eventually(lambda: not led.held("bakers"), SOON)
    assert get(led.sandbox, "clusterrole", BAKERS)["metadata"]["uid"] == uid


def test_an_issuer_that_is_no_longer_configured_gives_its_people_nothing(led: Led) -> None:
    led.put(policy(bakers="pods"))
    account = led.log_in("reload-issuer", "viewers", "bakers")
    assert led.held(account) == {"view", BAKERS}
    led.put(policy(bakers="pods"), led.sandbox.issuer)
    assert eventually(lambda: not led.held(account), SOON)
    led.put(policy(bakers="pods"))
    assert eventually(lambda: led.held(account) == {"view", BAKERS}, SOON)


def test_a_mistake_in_the_file_takes_nothing_from_anybody(led: Led) -> None:
    led.put(policy(bakers="pods"))
    account = led.log_in("reload-mistake", "viewers", "bakers")
    file = led.folder / "config.yaml"
    whole = file.read_text()
    file.write_text(whole.replace('"groups": ["bakers"]', '"groups": "bakers"').replace("view", ""))
    refused = "\njwt_to_rbac_configuration_last_reload_successful 0.0\n"
    assert eventually(lambda: refused in led.client.call("GET", "/metrics").text)
    assert led.held(account) == {"view", BAKERS}
    file.write_text(whole)
    assert eventually(lambda: refused not in led.client.call("GET", "/metrics").text)
