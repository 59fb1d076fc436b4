"""What the program is for, in steps that each need some of its rights, and which: one person each time."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from tests.e2e.conftest import Client
from tests.rights.asked import Act
from tests.rights.installation import USERS, Installed
from tests.rights.walk import (
    A_MONTH,
    CANT_BE_TOLD,
    DROPPED,
    administrators_page,
    grants,
    kubernetes_caller,
    session,
    someone_elses_grant,
)
from tests.support.cluster import get, kubectl, names, remember_revocation
from tests.support.waiting import eventually

GROUP, RBAC = "jwt-to-rbac.io", "rbac.authorization.k8s.io"
OWN_ROLE = "dynamic-developers-from-jwt"
ALL = [("", "admin"), ("", OWN_ROLE), ("default", "view")]
LEASE = ("lease", "jwt-to-rbac", "-n", USERS)
PATIENCE = 30.0
"""Seconds for what happens unattended: a sweep comes every some."""


@dataclass(frozen=True)
class Scene:
    """`given_up` tells whether the API server has refused what this is about."""

    installed: Installed
    client: Client
    given_up: Callable[[], bool] = lambda: False
    _numbers: "count[int]" = field(default_factory=lambda: count(time.time_ns()))

    def somebody(self) -> str:
        return f"rule-{next(self._numbers) % 10**9}"

    def token(self, name: str, *groups: str, ago: int = 0) -> str:
        issuer = self.installed.issuer
        return issuer.token(name, groups=list(groups), iat=issuer.now() - ago)

    def log_in(self, name: str, *groups: str, ago: int = 0) -> str:
        """The ID token, of somebody who is in."""
        token = self.token(name, *groups, ago=ago)
        assert self.client.log_in(token).status == 201
        return token

    def comes_about(self, what: Callable[[], object]) -> None:
        """Wait for what is done unattended, or for the refusal that shows why it isn't."""
        eventually(lambda: what() or self.given_up(), PATIENCE)
        assert what()


Step = Callable[[Scene], None]


def a_person_gets_what_their_groups_have(scene: Scene) -> None:
    name = scene.somebody()
    scene.log_in(name, "admins", "developers", "helpers")
    assert grants(scene.installed.sandbox, f"{name}-example-com") == ALL


def and_loses_what_they_have_no_longer(scene: Scene) -> None:
    name = scene.somebody()
    scene.log_in(name, "admins", "developers", "helpers", ago=5)
    scene.log_in(name, "developers")
    assert grants(scene.installed.sandbox, f"{name}-example-com") == [("", OWN_ROLE)]


def they_get_a_token(scene: Scene) -> None:
    name = scene.somebody()
    token = scene.log_in(name, "developers")
    assert scene.client.call("GET", f"/tokens/{name}-example-com", bearer=token).status == 200


def they_get_a_stored_token(scene: Scene) -> None:
    name = scene.somebody()
    token = scene.log_in(name, "developers")
    path = f"/tokens/{name}-example-com"
    assert scene.client.call("POST", path, {}, token).status == 201
    assert scene.client.call("GET", path, bearer=token).status == 200


def they_renew_and_end_a_session(scene: Scene) -> None:
    name = scene.somebody()
    session(scene.client, f"{name}-example-com", scene.log_in(name, "developers"))


def they_log_out(scene: Scene) -> None:
    name = scene.somebody()
    token = scene.log_in(name, "developers")
    assert scene.client.call("DELETE", f"/rbac/{name}-example-com", bearer=token).status == 202
    assert f"{name}-example-com" not in names(
        scene.installed.sandbox, "serviceaccounts", "-n", USERS
    )
    assert f"{name}-example-com" not in names(scene.installed.sandbox, "accessgrants")


def an_account_of_somebody_else_is_not_taken(scene: Scene) -> None:
    name, installed = scene.somebody(), scene.installed
    kubectl(installed.sandbox, "apply", body=someone_elses_grant(f"{name}-example-com"))
    answer = scene.client.log_in(scene.token(name, "developers"))
    assert answer.json().get("ServiceAccount", "").startswith(f"{name}-example-com-")
    kubectl(installed.sandbox, "delete", "accessgrant", f"{name}-example-com")


def nor_a_service_account(scene: Scene) -> None:
    name, sandbox = scene.somebody(), scene.installed.sandbox
    token = scene.log_in(name, "developers")
    orphaned = json.dumps([{"op": "remove", "path": "/metadata/ownerReferences"}])
    account = ("serviceaccount", f"{name}-example-com", "-n", USERS)
    kubectl(sandbox, "patch", *account, "--type=json", "-p", orphaned)
    scene.comes_about(lambda: scene.client.log_in(token).json().get("code") == "name_taken")
    kubectl(sandbox, "delete", *account)


def nor_a_binding(scene: Scene) -> None:
    name, sandbox = scene.somebody(), scene.installed.sandbox
    theirs = ("--clusterrole=view", "--user=somebody")
    kubectl(sandbox, "create", "clusterrolebinding", f"{name}-example-com-admin-binding", *theirs)
    kubectl(sandbox, "create", "rolebinding", f"{name}-example-com-view-binding", *theirs)
    scene.log_in(name, "admins", "helpers")
    assert grants(sandbox, f"{name}-example-com") == [("", "admin"), ("default", "view")]


def callers_of_kubernetes_are_known(scene: Scene) -> None:
    kubernetes_caller(scene.installed.sandbox, scene.client)


def a_grants_condition_is_told(scene: Scene) -> None:
    name = scene.somebody()
    scene.log_in(name, "developers")

    def told() -> object:
        return get(scene.installed.sandbox, "accessgrant", f"{name}-example-com").get("status")

    scene.comes_about(told)


def a_change_is_told_as_an_event(scene: Scene) -> None:
    name = scene.somebody()
    scene.log_in(name, "admins", "developers", ago=5)
    scene.log_in(name, "developers")
    about = ("--field-selector", f"involvedObject.name={name}-example-com")
    scene.comes_about(lambda: names(scene.installed.sandbox, "events", "-n", "default", *about))


def administrators_see_events(scene: Scene) -> None:
    assert CANT_BE_TOLD not in administrators_page(scene.installed, scene.client, scene.somebody())


def old_revocations_are_forgotten(scene: Scene) -> None:
    """At the latest when a leader begins."""
    sandbox, name = scene.installed.sandbox, f"revoked-{scene.somebody()}"
    remember_revocation(sandbox, name, time.time() - A_MONTH)
    hold(scene, "somebody", leads="0.0")
    hold(scene, "", leads="1.0")
    scene.comes_about(lambda: name not in names(sandbox, "configmaps", "-n", USERS))


def hold(scene: Scene, holder: str, leads: str) -> None:
    """Have somebody else, or nobody, hold the Lease, and wait for what the program makes of it."""
    patch = json.dumps({"spec": {"holderIdentity": holder}})
    kubectl(scene.installed.sandbox, "patch", *LEASE, "--type=merge", "-p", patch)
    told = f"\njwt_to_rbac_leader {leads}\n"
    assert eventually(lambda: told in scene.client.call("GET", "/metrics").text, 20)


def a_role_that_is_missing_is_made(scene: Scene) -> None:
    sandbox = scene.installed.sandbox
    kubectl(sandbox, "delete", "clusterrole", OWN_ROLE, "--ignore-not-found")
    scene.comes_about(lambda: OWN_ROLE in names(sandbox, "clusterroles"))


def a_role_that_the_policy_drops_goes(scene: Scene) -> None:
    sandbox = scene.installed.sandbox
    if DROPPED not in names(sandbox, "clusterroles"):
        kubectl(sandbox, "create", "clusterrole", DROPPED, "--verb=get", "--resource=services")
    marks = ("generatedby=jwttorbac", "app.kubernetes.io/managed-by=jwt-to-rbac")
    kubectl(sandbox, "label", "clusterrole", DROPPED, *marks)
    scene.comes_about(lambda: DROPPED not in names(sandbox, "clusterroles"))


def somebody_leads(scene: Scene) -> None:
    sandbox = scene.installed.sandbox
    kubectl(sandbox, "delete", *LEASE, "--ignore-not-found")

    def held() -> bool:
        found = kubectl(sandbox, "get", *LEASE, "--ignore-not-found", "-o", "json")
        return bool(found and json.loads(found)["spec"].get("holderIdentity"))

    scene.comes_about(held)


NEEDED_FOR: dict[Step, tuple[Act, ...]] = {
    a_person_gets_what_their_groups_have: (
        Act(GROUP, "accessgrants", "create"),
        Act("", "serviceaccounts", "create", USERS),
        Act(RBAC, "clusterrolebindings", "create"),
        Act(RBAC, "rolebindings", "create"),
        Act(RBAC, "clusterroles", "bind"),
    ),
    and_loses_what_they_have_no_longer: (
        Act(GROUP, "accessgrants", "patch"),
        Act(RBAC, "clusterrolebindings", "delete"),
        Act(RBAC, "rolebindings", "delete"),
    ),
    they_get_a_token: (
        Act("", "secrets", "create", USERS),
        Act("", "serviceaccounts/token", "create", USERS),
    ),
    they_get_a_stored_token: (Act("", "secrets", "get", USERS),),
    they_renew_and_end_a_session: (
        Act("", "secrets", "patch", USERS),
        Act("", "secrets", "delete", USERS),
    ),
    they_log_out: (
        Act("", "configmaps", "get", USERS),
        Act("", "configmaps", "create", USERS),
        Act("", "configmaps", "patch", USERS),
        Act("", "serviceaccounts", "delete", USERS),
        Act(GROUP, "accessgrants", "delete"),
    ),
    an_account_of_somebody_else_is_not_taken: (Act(GROUP, "accessgrants", "get"),),
    nor_a_service_account: (Act("", "serviceaccounts", "get", USERS),),
    nor_a_binding: (
        Act(RBAC, "clusterrolebindings", "get"),
        Act(RBAC, "rolebindings", "get"),
    ),
    callers_of_kubernetes_are_known: (
        Act("authentication.k8s.io", "tokenreviews", "create"),
        Act("authorization.k8s.io", "subjectaccessreviews", "create"),
    ),
    a_grants_condition_is_told: (Act(GROUP, "accessgrants/status", "update"),),
    a_change_is_told_as_an_event: (Act("events.k8s.io", "events", "create", "default"),),
    administrators_see_events: (Act("events.k8s.io", "events", "list", "default"),),
    old_revocations_are_forgotten: (Act("", "configmaps", "delete", USERS),),
    a_role_that_is_missing_is_made: (
        Act(RBAC, "clusterroles", "create"),
        Act(RBAC, "clusterroles", "patch"),
        Act(RBAC, "clusterroles", "escalate"),
    ),
    a_role_that_the_policy_drops_goes: (Act(RBAC, "clusterroles", "delete"),),
    somebody_leads: (
        Act("coordination.k8s.io", "leases", "get", USERS),
        Act("coordination.k8s.io", "leases", "create", USERS),
        Act("coordination.k8s.io", "leases", "patch", USERS),
    ),
}
FOLLOWED = tuple(
    Act(group, resource, "", namespace)
    for group, resource, namespace in (
        ("", "namespaces", ""),
        (GROUP, "accessgrants", ""),
        (RBAC, "clusterroles", ""),
        (RBAC, "clusterrolebindings", ""),
        (RBAC, "rolebindings", ""),
        ("", "serviceaccounts", USERS),
        ("", "configmaps", USERS),
        ("", "secrets", USERS),
    )
)
"""What a program that starts lists and then watches, before it is ready."""
