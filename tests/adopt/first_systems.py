"""Fills a cluster as the first system does, object for object; no assertions."""

import base64
import json
from collections.abc import Iterable
from pathlib import Path

from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import get, kubectl
from tests.support.waiting import eventually

LABELS = {"generatedby": "jwttorbac"}
RBAC = "rbac.authorization.k8s.io"
Body = dict[str, object]


def account(name: str, *roles: tuple[str, str]) -> list[Body]:
    """A person's ServiceAccount and a binding for each (ClusterRole, namespace or "")."""
    labels = LABELS | ({"crole": roles[-1][0]} if roles else {})
    metadata = {"name": name, "namespace": "default", "labels": labels}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        *(binding(name, role, place) for role, place in roles),
    ]


def binding(name: str, role: str, namespace: str, named: str = "", **metadata: object) -> Body:
    meta: Body = {"name": named or f"{name}-{role}-binding", "labels": LABELS} | metadata
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": meta | ({"namespace": namespace} if namespace else {}),
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
    }


def role(name: str, *resources: str) -> Body:
    rules = [{"verbs": ["get", "list"], "apiGroups": [""], "resources": list(resources)}]
    metadata = {"name": name, "labels": LABELS}
    kind = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole"}
    return kind | {"metadata": metadata, "rules": rules}


def token(name: str, suffix: str, ends: float | None) -> Body:
    """`ends` None: one that an administrator, or Kubernetes before 1.24, made."""
    annotations = {"kubernetes.io/service-account.name": name}
    if ends is not None:
        annotations["banzaicloud.io/timetolive"] = rfc3339(ends)
    metadata = {"name": f"{name}-token-{suffix}", "namespace": "default"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": metadata | {"annotations": annotations},
    }


def put(sandbox: Sandbox, folder: Path, bodies: Iterable[Body]) -> None:
    file = folder / "first-system.json"
    items = list(bodies)
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    kubectl(sandbox, "apply", "-f", str(file))


def value_of(sandbox: Sandbox, secret: str) -> str:
    """The token that the token controller writes into a Secret."""

    def written() -> str:
        data = get(sandbox, "secret", secret, "-n", "default").get("data", {})
        return base64.b64decode(data.get("token", "")).decode()

    value = eventually(written)
    assert value, f"{secret} holds no token"
    return value
