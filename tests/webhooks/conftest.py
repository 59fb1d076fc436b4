"""The product with its webhooks, an https issuer, and the exports that point API servers at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.conformance.many_issuers import AUDIENCE, ManyIssuers, many_issuers
from tests.e2e.conftest import Client
from tests.support.cluster import install, kubectl
from tests.support.configuration import configuration
from tests.support.server import free_port, running_server
from tests.webhooks.api_server import Exports
from tests.webhooks.people import NAMESPACES, PEOPLE, POLICY

ISSUER = "hooks"


@dataclass(frozen=True)
class Hooked:
    """A running product with webhooks. `webhooks` is their URL, `config` the product's file."""

    sandbox: Sandbox
    issuers: ManyIssuers
    client: Client
    exports: Exports
    webhooks: str
    config: Path

    def token(self, person: str, **changes: object) -> str:
        """An ID token of somebody of `people`, or of a stranger without groups."""
        claims: dict[str, object] = {
            "sub": f"sub-{person}",
            "email": f"{person}@example.com",
            "groups": PEOPLE.get(person, []),
        }
        return self.issuers.token(ISSUER, claims | changes)


def settings(
    sandbox: Sandbox, issuers: ManyIssuers, folder: Path, port: int, policy: dict[str, object]
) -> dict[str, Any]:
    """The product's configuration, for certificates that the export makes in `folder`."""
    whole: dict[str, Any] = configuration(
        sandbox.kubeconfig, folder / "audit.log", {issuers.url(ISSUER): AUDIENCE}, policy
    )
    whole["jwt"][0]["issuer"]["certificateAuthority"] = issuers.ca
    whole["webhooks"] = {
        "address": f"127.0.0.1:{port}",
        "certificateFile": str(folder / "server.crt"),
        "keyFile": str(folder / "server.key"),
        "clientAuthorityFile": str(folder / "ca.crt"),
    }
    return whole


@pytest.fixture(scope="package")
def issuers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManyIssuers]:
    with many_issuers([ISSUER], tmp_path_factory.mktemp("issuer")) as running:
        yield running


@pytest.fixture(scope="package")
def hooked(
    sandbox: Sandbox, issuers: ManyIssuers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hooked]:
    install(sandbox)
    folder, port = tmp_path_factory.mktemp("hooks"), free_port()
    for name, labels in NAMESPACES.items():
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        body["metadata"] = {"name": name, "labels": labels}
        kubectl(sandbox, "apply", body=body)
    url = f"https://127.0.0.1:{port}"
    exports = Exports.made(folder, url)
    config = settings(sandbox, issuers, folder, port, POLICY)
    with running_server(config, folder) as server:
        client = Client(server, folder / "audit.log")
        yield Hooked(sandbox, issuers, client, exports, url, folder / "config.yaml")
