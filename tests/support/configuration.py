"""The configuration that end-to-end tests and benches run the product with."""

import json
from pathlib import Path
from typing import cast

POLICY = {
    "rules": [
        {"name": "admins", "groups": ["admins"], "clusterRole": "admin"},
        {
            "name": "developers",
            "groups": ["developers"],
            "rules": [
                {
                    "verbs": ["get", "list"],
                    "resources": ["deployments", "replicasets", "pods"],
                    "apiGroups": ["", "extensions", "apps"],
                }
            ],
        },
    ]
}
"""The article's policy in our own form."""


def configuration(
    kubeconfig: Path,
    audit: Path | str,
    issuers: dict[str, str],
    policy: dict[str, object] | None = None,
) -> dict[str, object]:
    """A whole configuration; `issuers` is URL to audience. The server's start adds its address."""
    return pod_configuration(audit, issuers, policy) | {
        "kubernetes": {"kubeconfig": str(kubeconfig)}
    }


def pod_configuration(
    audit: Path | str, issuers: dict[str, str], policy: dict[str, object] | None = None
) -> dict[str, object]:
    """Likewise, for where the API server and a credential for it are given from outside."""
    as_they_are = {
        "username": {"claim": "email", "prefix": ""},
        "groups": {"claim": "groups", "prefix": ""},
    }
    return {
        "apiVersion": "jwt-to-rbac.io/v1alpha1",
        "kind": "Configuration",
        "audit": {"sink": str(audit)},
        # Tests of refusals are many, and all come from one address.
        "limits": {"failuresAtOnce": 1_000_000},
        "jwt": [
            {"issuer": {"url": url, "audiences": [audience]}, "claimMappings": as_they_are}
            for url, audience in issuers.items()
        ],
        "policy": {"dynamicRoles": True} | (POLICY if policy is None else policy),
    }


def write(configuration: dict[str, object], address: str, folder: Path) -> Path:
    """The configuration's file, in the JSON that is YAML too."""
    file = folder / "config.yaml"
    server = {"address": address, **cast(dict[str, object], configuration.get("server", {}))}
    file.write_text(json.dumps(configuration | {"server": server}, indent=1))
    return file
