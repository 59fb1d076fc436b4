"""A release's life: installed by Helm, upgraded, started here as its Deployment says, removed. No assertions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jwt_to_rbac.sandbox import Sandbox
from tests.chart.configurations import ADMINS, own
from tests.e2e.conftest import Client
from tests.support.cluster import get, kubectl
from tests.support.configuration import POLICY
from tests.support.helm import NAMESPACE, Body, Helm
from tests.support.release import Release, in_force
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
    # What is started here is no pod: nobody sends it requests while it ends.
    return {"config": config, "drainSeconds": 0}


def only_admins(sandbox: Sandbox) -> Body:
    return article(sandbox, ADMINS)


def act(helm: Helm, sandbox: Sandbox, verb: str, values: Body) -> None:
    """`helm install` or `upgrade`. Raises AssertionError with Helm's words."""
    more = ["--create-namespace"] if verb == "install" else []
    kubeconfig = str(sandbox.kubeconfig)
    done = helm.run(verb, RELEASE, *helm.chart(values), *more, kubeconfig=kubeconfig)
    if done.returncode:
        raise AssertionError(done.stderr)
    if not eventually(lambda: in_force(sandbox, RELEASE)):
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
    """The program as it is installed now."""
    there = ("-n", NAMESPACE)
    deployment = get(sandbox, "deployment", RELEASE, *there)
    files = get(sandbox, "configmap", RELEASE, *there)["data"]
    with Release(sandbox, RELEASE, deployment, files).started(folder) as server:
        yield Client(server, server.output)
