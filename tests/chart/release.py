"""The program as the chart installs it, without a node: started here as its Deployment says. No assertions."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jwt_to_rbac.sandbox import Sandbox
from tests.chart.configurations import ADMINS, own
from tests.chart.helm import NAMESPACE, Body, Helm
from tests.e2e.conftest import Client
from tests.support.cluster import get, kubectl, run_kubectl
from tests.support.configuration import POLICY
from tests.support.server import free_port, running
from tests.support.waiting import eventually

RELEASE = "jwt-to-rbac"
EVERYTHING = (
    "clusterroles,clusterrolebindings,namespaces,validatingadmissionpolicies,"
    "validatingadmissionpolicybindings,customresourcedefinitions"
)


def article(sandbox: Sandbox, *rules: dict[str, Any]) -> Body:
    """Values with the article's policy for the sandbox's Dex; or with these rules."""
    issuer = {"url": sandbox.issuer, "audiences": [sandbox.client_id]}
    config = own({"rules": list(rules)} if rules else POLICY)
    config["jwt"][0]["issuer"] = issuer
    return {"config": config}


def only_admins(sandbox: Sandbox) -> Body:
    return article(sandbox, ADMINS)


def act(helm: Helm, sandbox: Sandbox, verb: str, values: Body) -> None:
    """`helm install` or `upgrade`. Raises AssertionError with Helm's words."""
    more = ["--create-namespace"] if verb == "install" else []
    kubeconfig = str(sandbox.kubeconfig)
    done = helm.run(verb, RELEASE, *helm.chart(values), *more, kubeconfig=kubeconfig)
    if done.returncode:
        raise AssertionError(done.stderr)
    if not eventually(lambda: _in_force(sandbox)):
        raise AssertionError("the rights of the release don't work")


def uninstall(helm: Helm, sandbox: Sandbox) -> str:
    """What Helm says."""
    kubeconfig = str(sandbox.kubeconfig)
    done = helm.run("uninstall", RELEASE, "--namespace", NAMESPACE, kubeconfig=kubeconfig)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout + done.stderr


def remove_everything(sandbox: Sandbox) -> None:
    """What an uninstallation leaves, too."""
    kubectl(sandbox, "delete", EVERYTHING, "-l", "app.kubernetes.io/part-of=jwt-to-rbac")
    for kind in ("roles", "rolebindings"):
        kubectl(sandbox, "delete", kind, "--all-namespaces", "-l", "app.kubernetes.io/part-of")
    kubectl(sandbox, "delete", "clusterroles", "-l", "generatedby=jwttorbac")
    kubectl(sandbox, "delete", "namespace", NAMESPACE, "--ignore-not-found")


@contextmanager
def started(sandbox: Sandbox, folder: Path) -> Iterator[Client]:
    """The installed Deployment's container as a process, with its own arguments, variables and files.

    Its ServiceAccount's token is in a kubeconfig, since the place of a pod's is the machine's.
    """
    container = get(sandbox, "deployment", RELEASE, "-n", NAMESPACE)["spec"]["template"]["spec"][
        "containers"
    ][0]
    (mounted,) = [mount["mountPath"] for mount in container["volumeMounts"]]
    for name, text in get(sandbox, "configmap", RELEASE, "-n", NAMESPACE)["data"].items():
        (folder / name).write_text(text)
    port = free_port()
    environment = {
        one["name"]: one["value"].replace(mounted, str(folder)) for one in container["env"]
    }
    environment |= {
        "JWTTORBAC_SERVER_ADDRESS": f"127.0.0.1:{port}",
        "JWTTORBAC_KUBERNETES_KUBECONFIG": str(_own_credential(sandbox, folder)),
    }
    arguments = [one.replace(mounted, str(folder)) for one in container["args"]]
    with running(arguments, port, folder, os.environ | environment, folder) as server:
        yield Client(server, server.output)


def _own_credential(sandbox: Sandbox, folder: Path) -> Path:
    token = kubectl(sandbox, "create", "token", RELEASE, "-n", NAMESPACE).strip()
    cluster = {"server": sandbox.api_server, "certificate-authority": str(sandbox.ca_file)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    file = folder / "kubeconfig"
    file.write_text(json.dumps(document))
    return file


def _in_force(sandbox: Sandbox) -> bool:
    """RBAC and admission are read from caches of the API server, which lag a moment."""
    program = f"system:serviceaccount:{NAMESPACE}:{RELEASE}"
    connection = ["--kubeconfig", str(sandbox.kubeconfig), "--as", program]
    may = run_kubectl(
        sandbox, [*connection, "auth", "can-i", "create", "tokenreviews"], check=False
    )
    probe = ["create", "token", "default", "--as-group=system:masters"]
    held = run_kubectl(sandbox, [*connection, *probe], check=False)
    return may.stdout == "yes\n" and "ValidatingAdmissionPolicy" in held.stderr
