"""A policy with a rule of each kind, the people that it is for, and what is asked of each."""

from collections.abc import Iterator
from dataclasses import dataclass

from jwt_to_rbac.core.authorization import AccessRequest, PathRequest, ResourceRequest

PODS = {"apiGroups": [""], "resources": ["pods", "pods/log"]}

POLICY: dict[str, object] = {
    "rules": [
        {
            "name": "hooks-admins",
            "groups": ["hooks-admins"],
            "clusterRole": "admin",
            "scope": {"namespaces": ["hooks-example"]},
        },
        {
            "name": "hooks-viewers",
            "groups": ["hooks-viewers"],
            "clusterRole": "view",
            "scope": {"namespaceSelector": {"matchLabels": {"hooks-team": "a"}}},
        },
        {
            "name": "hooks-developers",
            "groups": ["hooks-developers"],
            "rules": [
                {"verbs": ["get", "list", "watch"], **PODS},
                {"verbs": ["*"], "apiGroups": ["apps"], "resources": ["*/scale"]},
                {
                    "verbs": ["get", "update"],
                    "apiGroups": [""],
                    "resources": ["configmaps"],
                    "resourceNames": ["web"],
                },
            ],
        },
        {
            "name": "hooks-watchers",
            "groups": ["hooks-watchers"],
            "rules": [
                {"verbs": ["get"], "nonResourceURLs": ["/metrics", "/debug/*"]},
                {"verbs": ["list"], "apiGroups": [""], "resources": ["nodes"]},
            ],
        },
    ]
}

PEOPLE: dict[str, list[str]] = {
    "hooks-jane": ["hooks-admins", "hooks-developers"],
    "hooks-john": ["hooks-developers"],
    "hooks-ann": ["hooks-viewers"],
    "hooks-bob": ["hooks-watchers"],
    "hooks-carol": ["hooks-admins", "hooks-viewers", "hooks-watchers"],
    "hooks-dave": ["hooks-nobody-names-it"],
}
"""Their groups."""

NAMESPACES: dict[str, dict[str, str]] = {
    "hooks-example": {},
    "hooks-a": {"hooks-team": "a"},
    "hooks-b": {"hooks-team": "b"},
}


@dataclass(frozen=True)
class Asked:
    """A real request, and what an authorizer is asked about it."""

    method: str
    path: str
    request: AccessRequest

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def everything() -> Iterator[Asked]:
    """All requests of the table, for one person."""
    for namespace in NAMESPACES:
        yield from _in(namespace)
    yield Asked("GET", "/api/v1/pods", ResourceRequest("list", "", "pods"))
    yield Asked("GET", "/api/v1/nodes", ResourceRequest("list", "", "nodes"))
    yield Asked("GET", "/api/v1/nodes/n", ResourceRequest("get", "", "nodes", name="n"))
    for path in ("/metrics", "/debug/pprof/cmdline", "/debug", "/metrics/slis"):
        yield Asked("GET", path, PathRequest("get", path))


def _in(namespace: str) -> Iterator[Asked]:
    core, apps = f"/api/v1/namespaces/{namespace}", f"/apis/apps/v1/namespaces/{namespace}"

    def asked(
        method: str, path: str, verb: str, group: str, resource: str, sub: str = "", name: str = ""
    ) -> Asked:
        request = ResourceRequest(verb, group, resource, sub, namespace, name)
        return Asked(method, path, request)

    yield asked("GET", f"{core}/pods", "list", "", "pods")
    yield asked("GET", f"{core}/pods?labelSelector=a%3Db", "list", "", "pods")
    yield asked("GET", f"{core}/pods?fieldSelector=spec.nodeName%3Dn", "list", "", "pods")
    yield asked("GET", f"{core}/pods?watch=1&timeoutSeconds=1", "watch", "", "pods")
    yield asked("GET", f"{core}/pods/web", "get", "", "pods", name="web")
    yield asked("GET", f"{core}/pods/web/log", "get", "", "pods", "log", "web")
    yield asked("POST", f"{core}/pods?dryRun=All", "create", "", "pods")
    yield asked("DELETE", f"{core}/pods/web?dryRun=All", "delete", "", "pods", name="web")
    yield asked("GET", f"{core}/configmaps", "list", "", "configmaps")
    yield asked("GET", f"{core}/configmaps/web", "get", "", "configmaps", name="web")
    yield asked("GET", f"{core}/configmaps/other", "get", "", "configmaps", name="other")
    yield asked("GET", f"{core}/secrets", "list", "", "secrets")
    yield asked("GET", f"{apps}/deployments", "list", "apps", "deployments")
    yield asked("POST", f"{apps}/deployments?dryRun=All", "create", "apps", "deployments")
    scale = f"{apps}/deployments/web/scale"
    yield asked("GET", scale, "get", "apps", "deployments", "scale", "web")
    yield asked("PUT", f"{scale}?dryRun=All", "update", "apps", "deployments", "scale", "web")
