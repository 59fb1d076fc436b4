"""A release's life on a real API server: what an upgrade keeps and takes, and what uninstalling leaves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.chart.release import (
    act,
    article,
    only_admins,
    remove_everything,
    started,
    uninstall,
)
from tests.support.cluster import DEPLOY, get, kubectl, names
from tests.support.helm import NAMESPACE, Helm
from tests.support.waiting import eventually

JANE = "janedoe-example-com"
OURS = ("-l", "generatedby=jwttorbac")


@pytest.fixture
def cluster(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, with nothing of a release on it afterwards."""
    yield sandbox
    remove_everything(sandbox)


def uid(sandbox: Sandbox, *what: str) -> str:
    found: str = get(sandbox, *what)["metadata"]["uid"]
    return found


def bindings(sandbox: Sandbox) -> list[str]:
    return names(sandbox, "clusterrolebindings", *OURS)


def test_an_upgrade_keeps_every_grant_and_takes_what_the_policy_drops(
    helm: Helm, cluster: Sandbox, tmp_path: Path
) -> None:
    both = [f"{JANE}-admin-binding", f"{JANE}-developers-from-jwt-binding"]
    act(helm, cluster, "install", article(cluster))
    with started(cluster, tmp_path) as client:
        assert client.log_in(cluster.id_token("jane")).status == 201
    grant, account = ("accessgrant", JANE), ("serviceaccount", JANE, "-n", "jwt-to-rbac-users")
    before = uid(cluster, *grant), uid(cluster, *account)
    assert bindings(cluster) == both

    act(helm, cluster, "upgrade", article(cluster) | {"replicaCount": 3})
    assert (uid(cluster, *grant), uid(cluster, *account)) == before
    assert bindings(cluster) == both

    act(helm, cluster, "upgrade", only_admins(cluster))
    assert names(cluster, "clusterroles", *OURS) == []
    with started(cluster, tmp_path):
        # Nobody logs in: the policy alone takes it.
        assert eventually(lambda: bindings(cluster) == both[:1], 30), bindings(cluster)
    assert (uid(cluster, *grant), uid(cluster, *account)) == before

    said = uninstall(helm, cluster)
    assert "jwt-to-rbac-users" in said, "Helm doesn't tell what it keeps"
    assert (uid(cluster, *grant), uid(cluster, *account)) == before
    assert names(cluster, "deployments,serviceaccounts", "-n", NAMESPACE) == ["default"]
    assert names(cluster, "clusterroles", "-l", "helm.sh/chart") == []

    act(helm, cluster, "install", article(cluster))
    assert (uid(cluster, *grant), uid(cluster, *account)) == before


def test_another_configuration_restarts_only_for_what_isnt_taken_up_while_running(
    helm: Helm, cluster: Sandbox
) -> None:
    def pods() -> object:
        return get(cluster, "deployment", "jwt-to-rbac", "-n", NAMESPACE)["spec"]["template"]

    act(helm, cluster, "install", article(cluster))
    first = pods()
    act(helm, cluster, "upgrade", only_admins(cluster))
    assert pods() == first
    louder = only_admins(cluster)
    louder["config"]["log"] = {"level": "debug"}
    act(helm, cluster, "upgrade", louder)
    assert pods() != first
    uninstall(helm, cluster)


def test_the_manifests_are_created_in_the_articles_order(cluster: Sandbox, tmp_path: Path) -> None:
    files = ("crd", "namespace", "rbac", "configmap", "deployment", "service")
    for file in (*files, "admission", "pdb", "networkpolicy"):
        kubectl(cluster, "create", "--validate=strict", "-f", str(DEPLOY / f"{file}.yaml"))
    with started(cluster, tmp_path) as client:
        assert client.call("GET", "/readyz").json() == {"ready": True, "waitingFor": []}


def test_kustomize_makes_the_same_of_them(cluster: Sandbox) -> None:
    kubectl(cluster, "apply", "-k", str(DEPLOY))
    labelled = ("-n", NAMESPACE, "-l", "app.kubernetes.io/part-of=jwt-to-rbac")
    assert names(cluster, "deployments,services,configmaps", *labelled) == ["jwt-to-rbac"] * 3
    policies = names(cluster, "validatingadmissionpolicies")
    assert policies == names(cluster, "validatingadmissionpolicybindings") != []
