"""What a cluster says of itself for people outside: taken where it is usable, and only there."""

import base64

import pytest
import yaml

from jwt_to_rbac.kube.cluster_info import ClusterInfo, cluster_info

PEM = b"-----BEGIN CERTIFICATE-----\n"


def kubeconfig(**cluster: object) -> str:
    """As kubeadm writes it: one cluster without a name, and nobody's credentials."""
    return yaml.safe_dump(
        {"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "", "cluster": cluster}]}
    )


def test_server_and_authority_are_taken() -> None:
    data = base64.b64encode(PEM).decode()
    text = kubeconfig(
        **{"server": "https://k8s.example.com:6443/", "certificate-authority-data": data}
    )
    assert cluster_info(text) == ClusterInfo("https://k8s.example.com:6443", PEM)


def test_without_an_authority_it_is_the_systems() -> None:
    assert cluster_info(kubeconfig(server="https://k8s.example.com")) == ClusterInfo(
        "https://k8s.example.com"
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("[", id="no-yaml"),
        pytest.param("clusters: []", id="no-cluster"),
        pytest.param("clusters: [{cluster: text}]", id="text"),
        pytest.param(kubeconfig(), id="no-server"),
        pytest.param(kubeconfig(server=7), id="a-number"),
        pytest.param(kubeconfig(server="http://k8s.example.com"), id="http"),
        pytest.param(
            kubeconfig(**{"server": "https://k", "certificate-authority-data": "?"}), id="no-base64"
        ),
        pytest.param("x" * 70_000, id="huge"),
    ],
)
def test_what_is_unusable_counts_as_nothing(text: str) -> None:
    assert cluster_info(text) is None
