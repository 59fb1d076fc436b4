"""What a thief tries with the program's credential: requests as kubectl's arguments. No assertions."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rights.installation import HOME, READ_PODS, USERS

Body = dict[str, Any]
MALLORY = "mallory-example-com"
RBAC = "rbac.authorization.k8s.io"
MARKS = {"generatedby": "jwttorbac", "app.kubernetes.io/managed-by": "jwt-to-rbac"}


@dataclass(frozen=True)
class Attack:
    """`policy` is the admission policy that refuses, `by_rights` whether RBAC alone does too."""

    arguments: tuple[str, ...]
    policy: str = ""
    by_rights: bool = False
    body: Body | None = None

    def command(self, folder: Path) -> list[str]:
        if self.body is None:
            return list(self.arguments)
        file = folder / "body.json"
        file.write_text(json.dumps(self.body))
        return [*self.arguments, "--validate=false", "-f", str(file)]


def creation(body: Body, policy: str, by_rights: bool = False) -> Attack:
    return Attack(("create",), policy, by_rights, body)


def application(body: Body, by_rights: bool = False) -> Attack:
    arguments = ("apply", "--server-side", "--force-conflicts", "--field-manager=thief")
    return Attack(arguments, "cluster-roles", by_rights, body)


def patch(kind: str, name: str, change: Body, policy: str, *where: str) -> Attack:
    change_ = ("--type=merge", "-p", json.dumps(change))
    return Attack(("patch", kind, name, *where, *change_), policy, by_rights=True)


def changed(good: Body, change: Callable[[Body], object]) -> Body:
    """A good object with one thing that isn't."""
    bad = deepcopy(good)
    change(bad)
    return bad


def owned(kind: str, name: str) -> Body:
    owner = {
        "apiVersion": "jwt-to-rbac.io/v1alpha1",
        "kind": "AccessGrant",
        "name": MALLORY,
        "uid": "00000000-0000-4000-8000-000000000000",
    }
    metadata = {"name": name, "labels": MARKS, "ownerReferences": [owner]}
    group = "v1" if kind in ("ServiceAccount", "Secret") else f"{RBAC}/v1"
    return {"apiVersion": group, "kind": kind, "metadata": metadata}


def binding(kind: str, role: str, namespace: str = "") -> Body:
    """A binding as the program makes it, for mallory's account."""
    body = owned(kind, "stolen")
    if namespace:
        body["metadata"]["namespace"] = namespace
    return body | {
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": MALLORY, "namespace": USERS}],
    }


def role(name: str, rules: list[Body] = READ_PODS) -> Body:
    """A ClusterRole as the program makes it."""
    metadata = {"name": name, "labels": dict(MARKS)}
    return {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}


def account(name: str = MALLORY, namespace: str = USERS) -> Body:
    """A ServiceAccount as the program makes it."""
    body = owned("ServiceAccount", name)
    body["metadata"]["namespace"] = namespace
    return body | {"automountServiceAccountToken": False}


def session(name: str = f"{MALLORY}-token-0123456789", namespace: str = USERS) -> Body:
    """A Secret as the program makes it for a session."""
    body = owned("Secret", name)
    body["metadata"]["namespace"] = namespace
    return body | {"type": "jwt-to-rbac.io/session"}


def revocation(name: str = "revoked-0123456789abcdef0123456789abcdef") -> Body:
    """A ConfigMap as the program makes it for a revocation."""
    metadata = {"name": name, "namespace": USERS, "labels": MARKS}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


POD: Body = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "stolen", "namespace": USERS},
    "spec": {"serviceAccountName": MALLORY, "containers": [{"name": "c", "image": "i"}]},
}
TO_ITSELF = [{"kind": "ServiceAccount", "name": "program-dynamic", "namespace": HOME}]
EVERYTHING = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
