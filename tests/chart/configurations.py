"""Configurations in both forms, by what is special about each. No assertions."""

from pathlib import Path
from typing import Any

ANY_BYTES = str(Path(__file__).with_name("__init__.py"))
"""What stands for a session key: a file that is there and is long enough."""

READ_PODS = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]}
ONE_SECRET = {
    "verbs": ["get"],
    "apiGroups": [""],
    "resources": ["secrets"],
    "resourceNames": ['jane\'s "own"'],
}
METRICS = {"verbs": ["get"], "nonResourceURLs": ["/metrics", "/healthz/*"]}
CLAIMS = {
    "username": {"claim": "email", "prefix": ""},
    "groups": {"claim": "groups", "prefix": ""},
}


def own(policy: dict[str, Any], **more: object) -> dict[str, Any]:
    return {
        "apiVersion": "jwt-to-rbac.io/v1alpha1",
        "kind": "Configuration",
        "jwt": [
            {
                "issuer": {"url": "https://dex.example.com", "audiences": ["example-app"]},
                "claimMappings": CLAIMS,
            }
        ],
        "policy": policy,
        **more,
    }


def first_system(**handler: object) -> dict[str, Any]:
    oidc = {"clientID": "example-app", "issuerURL": "https://dex.example.com"}
    return {"tokenhandler": {"oidc": oidc}, "rbachandler": handler}


ADMINS = {"name": "admins", "groups": ["admins"], "clusterRole": "admin"}
DEVELOPERS = {"name": "developers", "groups": ["developers"], "rules": [READ_PODS, ONE_SECRET]}
SOMEWHERE = {
    "name": "somewhere",
    "groups": ['it\'s "odd" <&>', "helpers"],
    "clusterRole": "view",
    "scope": {"namespaces": ["a-b", "a"]},
}
SELECTED = {
    "name": "selected",
    "groups": ["helpers"],
    "clusterRole": "edit",
    "scope": {"namespaceSelector": {"matchLabels": {"team": "a"}}},
}
WATCHERS = {"name": "watchers", "groups": ["watchers"], "rules": [METRICS]}
NAMED = {"name": "named", "when": "user.username in ['jane', \"john\"]", "clusterRole": "view"}
TOLD = {"name": "told", "when": "user.email.endsWith('@example.com')", "clusterRole": "view"}

CUSTOM = [
    {"groupName": "developers", "customRules": [READ_PODS], "namespaces": ["example", "a"]},
    {"groupName": "admins", "namespaces": ["example"]},
    {"groupName": "watchers", "customRules": [READ_PODS]},
]

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "the whole cluster": own({"rules": [ADMINS, DEVELOPERS]}),
    "namespaces alone": own({"rules": [SOMEWHERE]}),
    "selectors alone": own({"rules": [SELECTED]}),
    "everything": own({"rules": [ADMINS, DEVELOPERS, SOMEWHERE, SELECTED, WATCHERS, TOLD]}),
    "no policy": own({}),
    "dynamic roles": own({"dynamicRoles": True, "rules": [DEVELOPERS, WATCHERS, ADMINS]}),
    "dynamic roles without any": own({"dynamicRoles": True, "rules": [ADMINS]}),
    "groups": own({"mode": "groups", "rules": [ADMINS, SOMEWHERE, SELECTED, NAMED, DEVELOPERS]}),
    "a public address": own({"rules": [ADMINS]}, cluster={"server": "https://k8s.example.com"}),
    "the web app": own(
        {"rules": [ADMINS]},
        web={"publicURL": "https://access.example.com", "sessionKeyFiles": [ANY_BYTES]},
    ),
    "stored tokens": own(
        {"rules": [ADMINS]}, tokens={"stored": True, "maximumLifetime": "36h1.5m300ms"}
    ),
    "short tokens elsewhere": own(
        {"rules": [SELECTED]},
        tokens={"defaultLifetime": "5m", "maximumLifetime": "5m"},
        accounts={"namespace": "people"},
    ),
    "first system": first_system(customGroups=CUSTOM, githubOrg="pokeorg"),
    "first system without a policy": first_system(),
    "first system, all its keys": first_system(
        customGroups=[CUSTOM[0]],
        defaultGroups=False,
        dynamicRoles=True,
        storedTokens=True,
        enableCreateSAToken=True,
        tokenTTL="1h30m",
        accountsNamespace="people",
    ),
}
