"""What is measured: the raw API calls and the product's answers to the same need, by the same client."""

import asyncio
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.connections import Connections
from jwt_to_rbac.kube.session import KubeSession

NAMESPACE = "bench-raw"
DEPTH = "jwt_to_rbac_settling_queue_depth "
RBAC = "rbac.authorization.k8s.io"


BOUND_TO = {"apiVersion": "v1", "kind": "Secret", "name": "session"}


@dataclass(frozen=True)
class Raw:
    """The API server's own calls, through the session that the product uses too.

    `run` keeps the names of one run apart from another's.
    """

    session: KubeSession
    run: str
    serial: Iterator[int] = field(default_factory=itertools.count)

    async def prepare(self) -> None:
        """A namespace, one account whose tokens are asked for, and a Secret to bind them to."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        await self.session.call("POST", paths.NAMESPACES, body, also=(409,))
        await self._account("known")
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": BOUND_TO["name"]}}
        await self.session.call("POST", paths.secrets(NAMESPACE), secret, also=(409,))

    async def token(self) -> None:
        await self._token("known")

    async def bound_token(self) -> None:
        """One that ends with an object, as all of ours do: the API server reads that for each."""
        await self._token("known", BOUND_TO)

    async def new_person(self) -> None:
        """The fewest calls that give somebody two roles and a token; the bindings side by side."""
        name = f"raw-{self.run}-{next(self.serial)}"
        await self._account(name)
        await asyncio.gather(self._binding(name, "admin"), self._binding(name, "view"))
        await self._token(name)

    async def _account(self, name: str) -> None:
        body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        await self.session.call("POST", paths.service_accounts(NAMESPACE), body, also=(409,))

    async def _binding(self, name: str, role: str) -> None:
        body = {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{name}-{role}"},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}],
        }
        await self.session.call("POST", paths.CLUSTER_ROLE_BINDINGS, body)

    async def _token(self, name: str, bound_to: dict[str, str] | None = None) -> None:
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600, "boundObjectRef": bound_to},
        }
        await self.session.call("POST", paths.token(NAMESPACE, name), body)


@dataclass(frozen=True)
class Product:
    """The product's endpoints, over the same kind of connections as the raw calls."""

    http: Connections
    known: str

    async def log_in(self, token: str, duration: str | None = None) -> str:
        """Log in, with a `duration` for a token in the same call; the account's name."""
        body = json.dumps({"token": token, "duration": duration}).encode()
        reply = await self.http.ask("POST", "/rbac/", {}, body)
        if reply.status != 201:
            raise RuntimeError(f"login: {reply.status} {reply.body!r}")
        return str(json.loads(reply.body)["ServiceAccount"])

    async def settled(self) -> None:
        """Return once nothing is left to be done for earlier logins: their statuses are written."""
        while True:
            metrics = (await self.http.ask("GET", "/metrics", {}, b"")).body.decode()
            depth = next(line for line in metrics.splitlines() if line.startswith(DEPTH))
            if float(depth.removeprefix(DEPTH)) == 0:
                return
            await asyncio.sleep(0.1)

    async def token(self, id_token: str, account: str) -> None:
        headers = {"Authorization": f"Bearer {id_token}"}
        reply = await self.http.ask("GET", f"/tokens/{account}", headers, b"")
        if reply.status != 200:
            raise RuntimeError(f"token: {reply.status} {reply.body!r}")
