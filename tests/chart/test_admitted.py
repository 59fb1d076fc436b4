"""What the chart can make is admitted by a real API server, strictly, at Pod Security's level restricted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jwt_to_rbac.sandbox import Sandbox
from tests.chart.configurations import CONFIGURATIONS
from tests.support.cluster import kubectl, run_kubectl
from tests.support.helm import NAMESPACE, Body, Helm

PEOPLE = ("jwt-to-rbac-users", "people")
FOREIGN = ("Certificate", "ServiceMonitor", "PrometheusRule")
"""Kinds of other projects, whose definitions this API server hasn't."""

ALL_ON: Body = {
    "config": CONFIGURATIONS["first system"],
    "tls": {"certManager": {"enabled": True, "issuerRef": {"name": "ours", "kind": "Issuer"}}},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "annotations": {"a/b": "c"},
        "hosts": ["jwt.example.com"],
        "tls": [{"secretName": "tls", "hosts": ["jwt.example.com"]}],
    },
    "networkPolicy": {
        "ingressFrom": [{"namespaceSelector": {}}],
        "egress": [{"ports": [{"port": 443, "protocol": "TCP"}]}],
    },
    "serviceMonitor": {"enabled": True, "tlsConfig": {"insecureSkipVerify": True}},
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    "dashboard": {"enabled": True},
    "image": {"digest": f"sha256:{'0' * 64}"},
    "imagePullSecrets": [{"name": "ours"}],
    "priorityClassName": "system-cluster-critical",
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "podAnnotations": {"a": "b"},
    "podLabels": {"c": "d"},
    "podSecurityContext": {"runAsUser": 12345, "fsGroup": 12345},
    "serviceAccount": {"annotations": {"e": "f"}},
    "service": {"annotations": {"g": "h"}},
    "extraEnv": [{"name": "JWTTORBAC_LOG_LEVEL", "value": "debug"}],
    "extraVolumes": [{"name": "extra", "secret": {"secretName": "extra"}}],
    "extraVolumeMounts": [{"name": "extra", "mountPath": "/extra"}],
}

VALUES: dict[str, Body] = {
    "all on": ALL_ON,
    "all off": {
        "config": CONFIGURATIONS["the whole cluster"],
        "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
        "admission": {"enabled": False},
        "rbac": {"create": False},
        "crd": {"install": False},
        "accounts": {"createNamespace": False},
        "serviceAccount": {"create": False, "name": "given"},
    },
    "a given certificate": {
        "config": CONFIGURATIONS["everything"],
        "tls": {"secretName": "given"},
        "test": {"authorityKey": ""},
    },
    **{what: {"config": config} for what, config in CONFIGURATIONS.items()},
}


@pytest.fixture(scope="module")
def namespaces(sandbox: Sandbox) -> Iterator[None]:
    """The namespaces of a release, as an administrator makes them: no pod is less than restricted."""
    for name in (NAMESPACE, *PEOPLE):
        kubectl(sandbox, "create", "namespace", name)
        restricted = "pod-security.kubernetes.io/enforce=restricted"
        kubectl(sandbox, "label", "namespace", name, restricted)
    yield
    kubectl(sandbox, "delete", "namespace", NAMESPACE, *PEOPLE)


def complaint(sandbox: Sandbox, folder: Path, bodies: list[Body]) -> str:
    """Why the API server wouldn't create these, or what it warns of; empty if it would."""
    file = folder / "bodies.yaml"
    file.write_text(yaml.safe_dump_all(bodies))
    strictly = ["create", "--dry-run=server", "--validate=strict", "-f", str(file)]
    done = run_kubectl(sandbox, ["--kubeconfig", str(sandbox.kubeconfig), *strictly], check=False)
    return done.stderr


def pods(bodies: list[Body]) -> list[Body]:
    """The pods that these would become."""
    found = [body for body in bodies if body["kind"] == "Pod"]
    for body in bodies:
        if body["kind"] == "Deployment":
            meta = {"name": "one", "namespace": body["metadata"]["namespace"]}
            spec: dict[str, Any] = body["spec"]["template"]["spec"]
            found.append({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
    return found


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("what", VALUES)
def test_the_api_server_takes_every_object_and_warns_of_none(
    helm: Helm, sandbox: Sandbox, tmp_path: Path, what: str
) -> None:
    bodies = helm.template(VALUES[what])
    mine = [one for one in bodies if one["kind"] not in (*FOREIGN, "Namespace", "Pod")]
    assert complaint(sandbox, tmp_path, mine) == ""


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("what", ["all on", "all off", "a given certificate", "everything"])
def test_its_pods_are_admitted_at_the_level_restricted(
    helm: Helm, sandbox: Sandbox, tmp_path: Path, what: str
) -> None:
    bodies = pods(helm.template(VALUES[what]))
    for body in bodies:
        # Whose tokens are mounted is not Pod Security's concern, and the account isn't there.
        body["spec"] |= {"serviceAccountName": "default"}
    assert [body["spec"]["containers"][0]["name"] for body in bodies] == ["begins", "jwt-to-rbac"]
    assert complaint(sandbox, tmp_path, bodies) == ""


@pytest.mark.usefixtures("namespaces")
def test_a_pod_that_asks_for_more_is_refused(helm: Helm, sandbox: Sandbox, tmp_path: Path) -> None:
    values = ALL_ON | {"securityContext": {"allowPrivilegeEscalation": True}}
    for body in pods(helm.template(values)):
        body["spec"] |= {"serviceAccountName": "default"}
        assert 'violates PodSecurity "restricted' in complaint(sandbox, tmp_path, [body])


@pytest.mark.usefixtures("namespaces")
def test_a_misspelt_key_is_refused(helm: Helm, sandbox: Sandbox, tmp_path: Path) -> None:
    (service,) = [b for b in helm.template(VALUES["everything"]) if b["kind"] == "Service"]
    service["spec"]["selectr"] = {}
    assert 'unknown field "spec.selectr"' in complaint(sandbox, tmp_path, [service])
