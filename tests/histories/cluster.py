"""The API server as an administrator with kubectl uses it: objects by their paths. Knows no history."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.kube_http import kube_http
from tests.support.oracle.revision import Key

USERS = "jwt-to-rbac-users"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
GRANTS = "/apis/jwt-to-rbac.io/v1alpha1/accessgrants"
PATIENCE = 20
"""Seconds for one call on a busy machine."""


@dataclass(frozen=True)
class Cluster:
    host: str
    http: aiohttp.ClientSession

    async def call(
        self, method: str, path: str, body: object = None, kind: str = "application/json"
    ) -> tuple[int, Any]:
        """Status and object. Absence and conflict are for whoever asks; raises AssertionError else."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": kind, "User-Agent": "somebody"}
        async with self.http.request(method, self.host + path, data=data, headers=headers) as reply:
            found = json.loads(await reply.read())
            assert reply.status < 300 or reply.status in (403, 404, 409), found
            return reply.status, found

    async def patch(self, path: str, body: object) -> bool:
        """Whether there was something to patch."""
        status, _ = await self.call("PATCH", path, body, "application/merge-patch+json")
        return status == 200

    async def delete(self, path: str) -> bool:
        status, _ = await self.call("DELETE", path)
        return status < 300

    async def find(self, path: str) -> Any:
        """The object, or None."""
        status, found = await self.call("GET", path)
        return found if status == 200 else None

    async def version(self) -> int:
        """The cluster's newest: all that is done by now is at or below it."""
        _, found = await self.call("GET", "/api/v1/namespaces?limit=1")
        return int(found["metadata"]["resourceVersion"])


def path_of(key: Key) -> str:
    kind, namespace, name = key
    group = RBAC if kind.endswith("Binding") else "/api/v1"
    where = f"/namespaces/{namespace}" if namespace else ""
    return f"{group}{where}/{kind.lower()}s/{name}"


@asynccontextmanager
async def administered(kubeconfig: Path) -> AsyncIterator[Cluster]:
    async with kube_http(kubeconfig, PATIENCE) as (host, http):
        yield Cluster(host, http)
