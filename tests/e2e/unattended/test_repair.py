"""What somebody changed by hand, or a crash left, is right again; what others made is left alone."""

import json
import secrets
import time
from collections.abc import Callable

import pytest

from tests.e2e.unattended.keeping import ADMIN, BOTH, USERS, Kept
from tests.support.cluster import get
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet


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
        Kept.delete_a_binding,
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
            kept.create(body)
        assert eventually(lambda: not kept.roles(name) and not kept.has_account(name), 30)
        assert kept.roles(account) == {ADMIN}
    finally:
        kept.sandbox.start("kube-controller-manager")
