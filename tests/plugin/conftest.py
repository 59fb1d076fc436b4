"""A server that people log in at with a public client, and a person with a machine for each test."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import install, kubectl
from tests.support.configuration import configuration
from tests.support.machine import Machine
from tests.support.server import Server, running_server

_numbers = count()


@dataclass(frozen=True)
class Product:
    """The running server and its cluster. `admin` is a token of somebody who may do all."""

    server: Server
    sandbox: Sandbox
    audit: Path
    admin: str = field(repr=False)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """As the administrator; raises HTTPError."""
        request = urllib.request.Request(
            self.server.url + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.admin}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def audited(self, event: str, account: str) -> list[dict[str, Any]]:
        records = map(json.loads, self.audit.read_text().splitlines())
        return [r for r in records if r["event"] == event and r.get("account") == account]


@pytest.fixture(scope="session")
def product(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    install(sandbox)
    folder = tmp_path_factory.mktemp("plugin-server")
    audit = folder / "audit.log"
    config = for_people(sandbox, audit)
    kubectl(sandbox, "create", "serviceaccount", "boss", "-n", "default")
    who = ["--clusterrole=cluster-admin", "--serviceaccount=default:boss"]
    kubectl(sandbox, "create", "clusterrolebinding", "boss", *who)
    token = ["create", "token", "boss", "--audience=jwt-to-rbac", "--duration=2h"]
    admin = kubectl(sandbox, *token).strip()
    with running_server(config, folder) as server:
        yield Product(server, sandbox, audit, admin)


def for_people(
    sandbox: Sandbox, audit: Path | str, issuer: Sandbox | None = None
) -> dict[str, object]:
    """A configuration whose issuer people log in at by themselves."""
    dex = issuer or sandbox
    config = configuration(sandbox.kubeconfig, audit, {dex.issuer: dex.client_id})
    [authenticator] = json.loads(json.dumps(config["jwt"]))
    audiences = [dex.client_id, dex.public_client_id]
    authenticator["issuer"] |= {"audiences": audiences, "audienceMatchPolicy": "MatchAny"}
    authenticator["login"] = {"clientID": dex.public_client_id}
    return config | {"jwt": [authenticator]}


@pytest.fixture
def machine(product: Product, tmp_path: Path) -> Machine:
    """Of somebody new in developers; their account is `<name>-example-com`."""
    return machine_of(product, tmp_path, ("developers",))


@pytest.fixture
def machines(product: Product, tmp_path: Path) -> Callable[[tuple[str, ...]], Machine]:
    """Makes machines of somebody new in the given groups."""
    return lambda groups: machine_of(product, tmp_path, groups)


def machine_of(product: Product, tmp_path: Path, groups: tuple[str, ...]) -> Machine:
    name = f"plug{next(_numbers)}"
    person = product.sandbox.add_person(name, groups=groups)
    home = tmp_path / name
    home.mkdir()
    return Machine(home, product.sandbox, person, product.server.url)
