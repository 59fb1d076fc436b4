"""What a login adds to a kubeconfig, cluster, user and context; and finding it there again."""

import base64
import shutil
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jwt_to_rbac.cli.kubeconfig_files import Kubeconfig
from jwt_to_rbac.client.errors import ClientError
from jwt_to_rbac.client.server import ClusterEntry
from jwt_to_rbac.client.target import Target, parsed
from jwt_to_rbac.plugin_entry import COMMAND, PLUGIN, exec_entry


def add(kubeconfig: Kubeconfig, target: Target, cluster: ClusterEntry, account: str) -> str:
    """Put the entries in; the context's name. Nothing of anybody else's is changed.

    `account` is whose entry it is; empty where that isn't known, as in a file for everybody.
    """
    cluster_name = _cluster_name(kubeconfig, cluster)
    values: dict[str, object] = {"server": cluster.server}
    without: tuple[str, ...] = ()
    if cluster.ca_pem:
        values["certificate-authority-data"] = base64.b64encode(cluster.ca_pem.encode()).decode()
        without = ("certificate-authority", "insecure-skip-tls-verify")
    kubeconfig.put("clusters", cluster_name, values, without)
    name = f"{account or COMMAND}@{cluster_name}"
    user = kubeconfig.get("users", name)
    if user and not _is_ours(user):
        raise ClientError(
            f"The kubeconfig has a user {name} with another kind of credential. Rename that "
            "one, or take it away with `kubectl config delete-user`."
        )
    command = PLUGIN if shutil.which(PLUGIN) and not shutil.which(COMMAND) else COMMAND
    kubeconfig.put("users", name, {"exec": exec_entry(target.arguments(), command)})
    kubeconfig.put("contexts", name, {"cluster": cluster_name, "user": name})
    return name


def target_in(kubeconfig: Kubeconfig, server: str) -> Target | None:
    """The target of the current context's user, else of any user; of `server` if that is said."""
    context = kubeconfig.get("contexts", kubeconfig.current_context) or {}
    current = str(context.get("user") or "")
    names = [current, *kubeconfig.names("users")] if server else [current]
    for name in names:
        target = _target(kubeconfig.get("users", name) or {})
        if target and (not server or target.server == server.rstrip("/")):
            return target
    return None


def _is_ours(user: Mapping[str, Any]) -> bool:
    return set(user) <= {"exec", "extensions"} and _target(user) is not None


def _target(user: Mapping[str, Any]) -> Target | None:
    plugin = user.get("exec")
    if not isinstance(plugin, dict) or Path(str(plugin.get("command"))).name not in (
        COMMAND,
        PLUGIN,
    ):
        return None
    arguments = [str(each) for each in plugin.get("args") or []]
    if arguments[:1] != ["credential"]:
        return None
    try:
        return parsed(arguments[1:])
    except ValueError:
        return None


def _cluster_name(kubeconfig: Kubeconfig, cluster: ClusterEntry) -> str:
    """The server's name for it, unless the kubeconfig has another cluster of that name."""
    host = urllib.parse.urlsplit(cluster.server).netloc.replace(":", "-")
    for name in (cluster.name, f"{cluster.name}-{host}"):
        there = kubeconfig.get("clusters", name)
        if not there or there.get("server") == cluster.server:
            return name
    raise ClientError(
        f"The kubeconfig has other clusters named {cluster.name} and {name}. Rename one of them."
    )
