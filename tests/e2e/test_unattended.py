"""What the leader keeps true with nobody watching, on the real cluster: nobody logs in again here."""

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import clear, get, install, kubectl, names, with_token
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet

USERS = "jwt-to-rbac-users"
PODS = [{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}]
POLICY: dict[str, object] = {
    "rules": [
        {"name": "admins", "groups": ["admins"], "clusterRole": "admin"},
        {"name": "developers", "groups": ["developers"], "rules": PODS},
        {"name": "dreamers", "groups": ["dreamers"], "clusterRole": "role-of-dreams"},
        {
            "name": "guests",
            "groups": ["guests"],
            "clusterRole": "view",
            "scope": {"namespaces": ["guest-house"]},
        },
        {
            "name": "bakers",
            "groups": ["bakers"],
            "clusterRole": "edit",
            "scope": {"namespaceSelector": {"matchLabels": {"guild": "bakers"}}},
        },
    ]
}
ADMIN, DEVELOPER = "admin", "developers-from-jwt"
BOTH = {ADMIN, DEVELOPER}


@dataclass(frozen=True)
class Kept:
    """A server that leads, and the cluster that it keeps."""

    sandbox: Sandbox
    client: Client
    issuer: ManyPeople

    def log_in(self, *groups: str) -> str:
        """Somebody new, in these groups; the account's name, once all is settled."""
        name = f"u{secrets.token_hex(5)}"
        answer = self.client.log_in(self.issuer.token(name, groups=list(groups)))
        assert answer.status == 201, answer.text
        account: str = answer.json()["ServiceAccount"]
        assert eventually(lambda: self.status(account))
        return account

    def status(self, account: str) -> Any:
        return get(self.sandbox, "accessgrant", account).get("status", {}).get("conditions")

    def condition(self, account: str, kind: str = "Ready") -> dict[str, Any]:
        """The condition of this type; empty if there is none."""
        told = [one for one in self.status(account) if one["type"] == kind]
        return told[0] if told else {}

    def ready(self, account: str) -> str:
        """The reason of Ready."""
        reason: str = self.condition(account)["reason"]
        return reason

    def roles(self, account: str) -> set[str]:
        """What is bound to the account on the whole cluster, whoever bound it."""
        return {
            one["roleRef"]["name"]
            for one in get(self.sandbox, "clusterrolebindings")["items"]
            if account in [subject["name"] for subject in one.get("subjects", [])]
        }

    def events(self, account: str) -> list[str]:
        """The reasons of the warnings among an AccessGrant's Events."""
        which = f"--field-selector=involvedObject.name={account},type=Warning"
        return [
            one["reason"] for one in get(self.sandbox, "events", "-n", "default", which)["items"]
        ]

    def has_account(self, account: str) -> bool:
        return account in names(self.sandbox, "serviceaccounts", "-n", USERS)

    def change(self, account: str, **spec: object) -> None:
        """As kubectl edit does, or GitOps."""
        patch = json.dumps({"spec": spec})
        kubectl(self.sandbox, "patch", "accessgrant", account, "--type=merge", "-p", patch)

    def admin_kubectl(self, *arguments: str) -> str:
        return kubectl(self.sandbox, *arguments)


@pytest.fixture(scope="module")
def kept(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kept]:
    install(sandbox)
    clear(sandbox)
    folder = tmp_path_factory.mktemp("kept")
    audit = folder / "audit.log"
    config = pod_configuration(audit, {issuer.url: AUDIENCE}, POLICY)
    with installed_server(sandbox, config, folder, controllers=True) as server:
        client = Client(server, audit)
        leads = "\njwt_to_rbac_leader 1.0\n"
        assert eventually(lambda: leads in client.call("GET", "/metrics").text, 15)
        yield Kept(sandbox, client, issuer)
    clear(sandbox)


def delete_a_binding(kept: Kept, account: str) -> None:
    kept.admin_kubectl("delete", "clusterrolebinding", f"{account}-admin-binding")


def delete_the_account(kept: Kept, account: str) -> None:
    kept.admin_kubectl("delete", "serviceaccount", account, "-n", USERS)


def alter_the_subjects(kept: Kept, account: str) -> None:
    patch = json.dumps({"subjects": [{"kind": "User", "name": "mallory"}]})
    binding = ("clusterrolebinding", f"{account}-admin-binding")
    kept.admin_kubectl("patch", *binding, "--type=merge", "-p", patch)


def take_the_marks_away(kept: Kept, account: str) -> None:
    binding = ("clusterrolebinding", f"{account}-admin-binding")
    kept.admin_kubectl("label", *binding, "generatedby-", "app.kubernetes.io/managed-by-")


def lie_in_the_status(kept: Kept, account: str) -> None:
    lie = {
        "type": "Ready",
        "status": "False",
        "reason": "Lied",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    patch = json.dumps({"status": {"conditions": [lie], "grants": None}})
    which = ("accessgrant", account, "--subresource=status", "--type=merge")
    kept.admin_kubectl("patch", *which, "-p", patch)


def bind_more(kept: Kept, account: str) -> None:
    """A binding that claims to be of the AccessGrant, to a role that the policy doesn't give."""
    uid = get(kept.sandbox, "accessgrant", account)["metadata"]["uid"]
    owner = {
        "apiVersion": "jwt-to-rbac.io/v1alpha1",
        "kind": "AccessGrant",
        "name": account,
        "uid": uid,
    }
    forged = ("--clusterrole=view", f"--serviceaccount={USERS}:{account}")
    kept.admin_kubectl("create", "clusterrolebinding", f"{account}-forged", *forged)
    patch = json.dumps({"metadata": {"ownerReferences": [owner]}})
    kept.admin_kubectl("patch", "clusterrolebinding", f"{account}-forged", "-p", patch)


@pytest.mark.parametrize(
    "damage",
    [
        delete_a_binding,
        delete_the_account,
        alter_the_subjects,
        take_the_marks_away,
        bind_more,
        lie_in_the_status,
    ],
    ids=lambda one: one.__name__,
)
def test_what_somebody_changed_by_hand_is_right_again_within_two_seconds(
    kept: Kept, damage: Callable[[Kept, str], None]
) -> None:
    account = kept.log_in("admins", "developers")
    damage(kept, account)
    damaged = time.monotonic()

    def right() -> bool:
        binding = get(kept.sandbox, "clusterrolebinding", f"{account}-admin-binding")
        return (
            kept.roles(account) == BOTH
            and kept.has_account(account)
            and [one["name"] for one in binding["subjects"]] == [account]
            and "generatedby" in binding["metadata"].get("labels", {})
            and kept.ready(account) == "Applied"
        )

    def right_or_not_there() -> bool:
        try:
            return right()
        except AssertionError:
            return False

    assert eventually(right_or_not_there), damage.__name__
    assert time.monotonic() - damaged < 2


def test_deleting_the_access_grant_takes_everything_without_the_garbage_collector(
    kept: Kept,
) -> None:
    account = kept.log_in("admins", "developers")
    kept.sandbox.stop("kube-controller-manager")
    try:
        kept.admin_kubectl("delete", "accessgrant", account)
        deleted = time.monotonic()
        assert eventually(lambda: not kept.roles(account) and not kept.has_account(account))
        assert time.monotonic() - deleted < 2
    finally:
        kept.sandbox.start("kube-controller-manager")


def test_an_access_grant_that_waits_for_a_finalizer_gives_nothing_meanwhile(kept: Kept) -> None:
    account = kept.log_in("admins")
    patch = ("--type=merge", "-p")
    grant = ("accessgrant", account)
    kept.admin_kubectl("patch", *grant, *patch, '{"metadata": {"finalizers": ["example.com/x"]}}')
    kept.admin_kubectl("delete", *grant, "--wait=false")
    assert eventually(lambda: not kept.roles(account) and not kept.has_account(account))
    assert account in names(kept.sandbox, "accessgrants")
    kept.admin_kubectl("patch", *grant, *patch, '{"metadata": {"finalizers": null}}')


def test_an_access_grant_that_is_applied_by_hand_gives_what_the_policy_says(kept: Kept) -> None:
    name = f"applied-{secrets.token_hex(5)}"
    subject = {"issuer": kept.issuer.url, "subject": name, "username": name, "groups": ["admins"]}
    body: dict[str, Any] = {
        "apiVersion": "jwt-to-rbac.io/v1alpha1",
        "kind": "AccessGrant",
        "metadata": {"name": name},
        "spec": {
            "subject": subject,
            "serviceAccount": {"namespace": USERS, "name": name},
            "claimsIssuedAt": rfc3339(time.time()),
        },
    }
    create(kept, body)
    kept.admin_kubectl("wait", f"ag/{name}", "--for=condition=Ready", "--timeout=5s")
    assert kept.roles(name) == {ADMIN}
    assert kept.has_account(name)
    kept.change(name, subject=subject | {"groups": ["developers"]})
    assert eventually(lambda: kept.roles(name) == {DEVELOPER}, 2)
    kept.admin_kubectl("delete", "accessgrant", name)
    assert eventually(lambda: not kept.roles(name) and not kept.has_account(name), 2)


def gone_an_hour_ago() -> str:
    return rfc3339(time.time() - 3600)


@pytest.mark.parametrize(
    ("spec", "back", "reason"),
    [
        pytest.param({"suspended": True}, {"suspended": False}, "Suspended", id="suspended"),
        pytest.param(
            {"expiresAt": gone_an_hour_ago()}, {"expiresAt": None}, "AccessExpired", id="expired"
        ),
        pytest.param(
            {"notBefore": "2999-01-01T00:00:00Z"},
            {"notBefore": None},
            "TokenRevoked",
            id="revoked",
        ),
    ],
)
def test_what_an_administrator_writes_into_the_spec_is_done_at_once_and_undone_again(
    kept: Kept, spec: dict[str, object], back: dict[str, object], reason: str
) -> None:
    account = kept.log_in("admins", "developers")
    kept.admin_kubectl("wait", f"ag/{account}", "--for=condition=Ready", "--timeout=5s")
    kept.change(account, **spec)
    changed = time.monotonic()
    assert eventually(lambda: not kept.roles(account) and not kept.has_account(account))
    assert time.monotonic() - changed < 2
    kept.admin_kubectl("wait", f"ag/{account}", "--for=condition=Ready=false", "--timeout=5s")
    assert eventually(lambda: kept.ready(account) == reason)
    kept.change(account, **back)
    kept.admin_kubectl("wait", f"ag/{account}", "--for=condition=Ready", "--timeout=5s")
    assert kept.roles(account) == BOTH
    assert kept.has_account(account)


def test_access_ends_at_the_second_that_was_set(kept: Kept) -> None:
    account = kept.log_in("admins")
    end = int(time.time()) + 4
    kept.change(account, expiresAt=rfc3339(end))
    assert kept.roles(account) == {ADMIN}
    assert eventually(lambda: not kept.roles(account))
    assert -0.1 < time.time() - end < 1, "not on time"
    assert eventually(lambda: kept.ready(account) == "AccessExpired")


def test_namespaces_that_come_change_and_go_are_followed(kept: Kept) -> None:
    account = kept.log_in("admins", "bakers")
    space = f"bakery-{secrets.token_hex(4)}"

    def bound() -> bool:
        return names(kept.sandbox, "rolebindings", "-n", space) == [f"{account}-edit-binding"]

    kept.admin_kubectl("create", "namespace", space)
    kept.admin_kubectl("label", "namespace", space, "guild=bakers")
    assert eventually(bound, 3)
    kept.admin_kubectl("label", "namespace", space, "guild=smiths", "--overwrite")
    assert eventually(lambda: not bound(), 3)
    kept.admin_kubectl("label", "namespace", space, "guild=bakers", "--overwrite")
    assert eventually(bound, 3)
    kept.admin_kubectl("delete", "namespace", space)
    assert eventually(lambda: kept.ready(account) == "Applied")


def test_a_named_namespace_is_reported_while_it_is_absent_or_ends(kept: Kept) -> None:
    account = kept.client.log_in(kept.issuer.token("guest", groups=["admins", "guests"])).json()
    name: str = account["ServiceAccount"]
    assert eventually(lambda: kept.status(name) and kept.ready(name) == "NamespaceAbsent")
    kept.admin_kubectl("create", "namespace", "guest-house")
    assert eventually(lambda: kept.ready(name) == "Applied")
    assert names(kept.sandbox, "rolebindings", "-n", "guest-house") == [f"{name}-view-binding"]
    # A finalizer of somebody's keeps it terminating.
    keeper = ("configmap", "keeper", "-n", "guest-house")
    kept.admin_kubectl("create", *keeper)
    patch = ("--type=merge", "-p")
    kept.admin_kubectl("patch", *keeper, *patch, '{"metadata": {"finalizers": ["example.com/x"]}}')
    kept.admin_kubectl("delete", "namespace", "guest-house", "--wait=false")
    assert eventually(lambda: kept.ready(name) == "NamespaceAbsent")
    assert "guest-house" in kept.condition(name)["message"]
    assert eventually(lambda: "NamespaceAbsent" in kept.events(name))
    assert kept.roles(name) == {ADMIN}, "the rest of the access suffers from it"
    kept.admin_kubectl("patch", *keeper, *patch, '{"metadata": {"finalizers": null}}')


def test_a_cluster_role_that_is_missing_is_reported_until_it_is_there(kept: Kept) -> None:
    account = kept.log_in("dreamers")
    assert eventually(lambda: kept.ready(account) == "ClusterRoleAbsent")
    assert "role-of-dreams" in kept.condition(account)["message"]
    kept.admin_kubectl("create", "clusterrole", "role-of-dreams", "--verb=get", "--resource=pods")
    try:
        assert eventually(lambda: kept.ready(account) == "Applied")
    finally:
        kept.admin_kubectl("delete", "clusterrole", "role-of-dreams")
    assert eventually(lambda: kept.ready(account) == "ClusterRoleAbsent")


def test_a_binding_by_others_is_left_alone_and_reported(kept: Kept) -> None:
    account = kept.log_in("admins")
    assert kept.condition(account, "ForeignBindings") == {}
    theirs = f"foreign-{account}"
    subject = f"--serviceaccount={USERS}:{account}"
    kept.admin_kubectl("create", "clusterrolebinding", theirs, "--clusterrole=view", subject)
    told = eventually(lambda: kept.condition(account, "ForeignBindings"))
    assert told["status"] == "True"
    assert f"clusterrolebinding/{theirs}" in told["message"]
    assert eventually(lambda: "MadeByOthers" in kept.events(account))
    assert kept.ready(account) == "Applied"
    kept.admin_kubectl("delete", "clusterrolebinding", theirs)
    assert eventually(lambda: not kept.condition(account, "ForeignBindings"))


def test_a_condition_keeps_its_time_while_its_truth_stays(kept: Kept) -> None:
    account = kept.log_in("admins")
    began = kept.condition(account)["lastTransitionTime"]
    assert eventually(lambda: rfc3339(time.time()) > began)
    delete_a_binding(kept, account)
    assert eventually(lambda: kept.roles(account) == {ADMIN})
    generation = get(kept.sandbox, "accessgrant", account)["metadata"]["generation"]
    kept.change(account, expiresAt="2999-01-01T00:00:00Z")
    assert eventually(lambda: kept.condition(account)["observedGeneration"] > generation)
    assert kept.condition(account)["lastTransitionTime"] == began


def test_while_nothing_changes_nothing_is_written(kept: Kept) -> None:
    account = kept.log_in("admins", "developers", "bakers")
    before = get(kept.sandbox, "accessgrant", account)["metadata"]["resourceVersion"]
    # Another account is damaged and mended: a look that comes after the one at this account.
    other = kept.log_in("admins")
    delete_a_binding(kept, other)
    assert eventually(lambda: kept.roles(other) == {ADMIN})
    assert get(kept.sandbox, "accessgrant", account)["metadata"]["resourceVersion"] == before
    repairs = [one for one in kept.client.audited() if one["event"] == "repair"]
    assert [one["account"] for one in repairs if one["account"] in (account, other)] == [other]


def test_what_a_crash_left_behind_is_cleaned_up_without_the_garbage_collector(kept: Kept) -> None:
    """As if the AccessGrant had been deleted while nobody watched: its uid is of the past."""
    name = f"orphan-{secrets.token_hex(4)}"
    account = kept.log_in("admins")
    kept.sandbox.stop("kube-controller-manager")
    try:
        for kind, where in (("clusterrolebinding", ()), ("serviceaccount", ("-n", USERS))):
            held = f"{account}-admin-binding" if kind == "clusterrolebinding" else account
            body = get(kept.sandbox, kind, held, *where)
            meta = body["metadata"]
            owner = meta["ownerReferences"][0] | {"name": name}
            owner["uid"] = "00000000-0000-4000-8000-000000000000"
            body["metadata"] = {
                "name": name,
                "labels": meta["labels"],
                "ownerReferences": [owner],
            } | ({"namespace": USERS} if where else {})
            for subject in body.get("subjects", ()):
                subject["name"] = name
            create(kept, body)
        assert eventually(lambda: not kept.roles(name) and not kept.has_account(name), 30)
        assert kept.roles(account) == {ADMIN}
    finally:
        kept.sandbox.start("kube-controller-manager")


def test_a_token_of_somebody_suspended_dies_within_ten_seconds(kept: Kept) -> None:
    person = f"u{secrets.token_hex(5)}"
    id_token = kept.issuer.token(person, groups=["admins"])
    account = kept.client.log_in(id_token).json()["ServiceAccount"]
    issued = kept.client.call("GET", f"/tokens/{account}", bearer=id_token).json()[0]
    token = base64.b64decode(issued["data"]["token"]).decode()
    asked = ("auth", "whoami")
    assert with_token(kept.sandbox, token, *asked).returncode == 0
    kept.change(account, suspended=True)
    began = time.monotonic()
    assert eventually(lambda: with_token(kept.sandbox, token, *asked).returncode != 0, 20)
    assert time.monotonic() - began < 12


def create(kept: Kept, body: object) -> None:
    file = kept.client.audit.parent / "object.json"
    file.write_text(json.dumps(body))
    kept.admin_kubectl("create", "-f", str(file))
