"""The kubeconfig that somebody takes home: with kubectl's plugin, or with a token in it."""

import re
from dataclasses import dataclass

from jwt_to_rbac.plugin_entry import exec_entry
from jwt_to_rbac.yaml_dump import dump


@dataclass(frozen=True, slots=True)
class ClusterToUse:
    """The API server as people reach it; `ca_data` is base64 of PEM, empty for the system's."""

    name: str
    server: str
    ca_data: str = ""


def with_plugin(cluster: ClusterToUse, account: str, arguments: list[str]) -> str:
    """Nothing in it is secret: `arguments` tell the plugin where to log in."""
    return _kubeconfig(cluster, account, {"exec": exec_entry(arguments)})


def with_token(cluster: ClusterToUse, account: str, token: str) -> str:
    return _kubeconfig(cluster, account, {"token": token})


def file_name(cluster: ClusterToUse) -> str:
    """`staging.kubeconfig`: of letters that no header, shell or file system reads otherwise."""
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '-', cluster.name).strip('-') or 'cluster'}.kubeconfig"


def _kubeconfig(cluster: ClusterToUse, account: str, user: dict[str, object]) -> str:
    there: dict[str, object] = {"server": cluster.server}
    if cluster.ca_data:
        there["certificate-authority-data"] = cluster.ca_data
    name = f"{account}@{cluster.name}"
    return dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster.name, "cluster": there}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": cluster.name, "user": name}}],
            "current-context": name,
        }
    )
