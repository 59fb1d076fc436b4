"""A rule for namespaces by their labels, on the real cluster."""

from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import install, kubectl, names
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server
from tests.support.waiting import eventually

POLICY: dict[str, object] = {
    "rules": [
        {
            "name": "bakers",
            "groups": ["bakers"],
            "clusterRole": "edit",
            "scope": {
                "namespaceSelector": {
                    "matchLabels": {"team": "bakery"},
                    "matchExpressions": [{"key": "closed", "operator": "DoesNotExist"}],
                }
            },
        }
    ]
}


@pytest.fixture
def bakery(sandbox: Sandbox) -> str:
    install(sandbox)
    kubectl(sandbox, "create", "namespace", "bakery-old")
    kubectl(sandbox, "label", "namespace", "bakery-old", "team=bakery")
    return "bakery-old"


def test_a_namespace_made_after_the_configuration_is_covered_at_the_next_login(
    sandbox: Sandbox, issuer: ManyPeople, bakery: str, tmp_path: Path
) -> None:
    audit = tmp_path / "audit.log"
    config = pod_configuration(audit, {issuer.url: AUDIENCE}, POLICY)
    baker = issuer.token("baker", groups=["bakers"])

    def bound(namespace: str) -> bool:
        return names(sandbox, "rolebindings", "-n", namespace) == ["baker-example-com-edit-binding"]

    def covered(namespace: str) -> bool:
        # Logged in until the server's watch has told it of the namespace as it is now.
        assert client.log_in(baker).status in (201, 403)
        return bound(namespace)

    with installed_server(sandbox, config, tmp_path) as server:
        client = Client(server, audit)
        assert client.log_in(baker).status == 201
        assert bound(bakery)
        kubectl(sandbox, "create", "namespace", "bakery-new")
        kubectl(sandbox, "label", "namespace", "bakery-new", "team=bakery")
        assert eventually(lambda: covered("bakery-new"))
        kubectl(sandbox, "label", "namespace", "bakery-new", "closed=today")
        assert eventually(lambda: not covered("bakery-new"))
        assert bound(bakery)
        assert client.call("DELETE", "/rbac/baker-example-com", bearer=baker).status < 300
    for namespace in (bakery, "bakery-new"):
        kubectl(sandbox, "delete", "namespace", namespace, "--wait=false")
