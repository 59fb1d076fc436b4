"""What the API server was asked for, by its own audit log, beside what its RBAC objects allow."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jwt_to_rbac.sandbox import Sandbox
from tests.rights.installation import HOME, USERS, Installed
from tests.support.cluster import get

POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "Metadata", "userGroups": [f"system:serviceaccounts:{HOME}"]},
        {"level": "None"},
    ],
}
"""An audit policy that records the program's requests alone."""


@dataclass(frozen=True, order=True)
class Act:
    """A verb on a kind. `namespace` only for kinds that are allowed in one namespace alone."""

    group: str
    resource: str
    verb: str
    namespace: str = ""


def audit_flags(folder: Path) -> tuple[str, ...]:
    policy = folder / "policy.json"
    policy.write_text(json.dumps(POLICY))
    return f"--audit-policy-file={policy}", f"--audit-log-path={folder / 'requests.log'}"


def requests_of(installed: Installed, folder: Path) -> Iterator[tuple[Act, int]]:
    """Each request of the program with the status that it was answered with."""
    for line in (folder / "requests.log").read_text().splitlines():
        event = json.loads(line)
        if event["user"]["username"] == installed.username:
            yield _asked(event["verb"], event["objectRef"]), event["responseStatus"]["code"]


def allowed(sandbox: Sandbox, installed: Installed) -> set[Act]:
    """What the program's ClusterRole and Role on the cluster give, verb by verb."""
    cluster = get(sandbox, "clusterrole", installed.name)["rules"]
    there = get(sandbox, "role", installed.name, "-n", USERS)["rules"]
    news = get(sandbox, "role", installed.name, "-n", "default")["rules"]
    info = get(sandbox, "role", installed.name, "-n", "kube-public")["rules"]
    return {
        *_acts(cluster, ""),
        *_acts(there, USERS),
        *_acts(news, "default"),
        *_acts(info, "kube-public"),
    }


def _acts(rules: list[dict[str, list[str]]], namespace: str) -> Iterator[Act]:
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield Act(group, resource, verb, namespace)


def _asked(verb: str, about: dict[str, Any]) -> Act:
    resource = "/".join(filter(None, [about["resource"], about.get("subresource")]))
    # RoleBindings are followed in all namespaces, so the one that was written to says nothing.
    everywhere = resource in ("rolebindings", "namespaces")
    namespace = "" if everywhere else about.get("namespace", "")
    return Act(about.get("apiGroup", ""), resource, verb, namespace)
