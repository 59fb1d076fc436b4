"""Namespaces and ClusterRoles that come and go are followed, and told of in conditions and Events."""

import secrets
import time

import pytest

from jwt_to_rbac.core.times import rfc3339
from tests.e2e.unattended.keeping import ADMIN, Kept
from tests.support.cluster import get, names
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet


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


def test_a_condition_keeps_its_time_while_its_truth_stays(kept: Kept) -> None:
    account = kept.log_in("admins")
    began = kept.condition(account)["lastTransitionTime"]
    assert eventually(lambda: rfc3339(time.time()) > began)
    kept.delete_a_binding(account)
    assert eventually(lambda: kept.roles(account) == {ADMIN})
    generation = get(kept.sandbox, "accessgrant", account)["metadata"]["generation"]
    kept.change(account, expiresAt="2999-01-01T00:00:00Z")
    assert eventually(lambda: kept.condition(account)["observedGeneration"] > generation)
    assert kept.condition(account)["lastTransitionTime"] == began
