"""One Lease (coordination.k8s.io/v1) as a record of who leads. Who may take it when is not decided here.

It lies beside the accounts that it is about: programs that share these must share a leader,
whatever namespaces they run in themselves. Nobody else writes there.
"""

from datetime import UTC, datetime
from http import HTTPStatus

import msgspec

from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.connections import Received
from jwt_to_rbac.kube.installation import LABELS
from jwt_to_rbac.kube.manifest import Body
from jwt_to_rbac.kube.session import APPLY_PATCH, MERGE_PATCH, KubeSession
from jwt_to_rbac.kube.types import Lease
from jwt_to_rbac.ports import Clock, Held

NAME = "jwt-to-rbac"


class KubeLease:
    """`clock` is for people who look at the Lease: no decision reads the times in it."""

    def __init__(self, session: KubeSession, namespace: str, clock: Clock) -> None:
        self._session = session
        self._path = paths.lease(namespace, NAME)
        self._clock = clock

    async def read(self) -> Held:
        """Who holds it now; it is made if there is none. Raises as KubeSession's calls do."""
        reply = await self._session.call(
            "GET", self._path, also=(HTTPStatus.NOT_FOUND,), urgent=True
        )
        if reply.status != HTTPStatus.NOT_FOUND:
            return _held(reply.body)
        # Applied, as RBAC can allow that by name; it takes nothing from whoever was faster.
        body: Body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": NAME, "labels": LABELS},
        }
        return _held(await self._patch(f"{self._path}?fieldManager={NAME}", body, APPLY_PATCH))

    async def take(self, held: Held, holder: str, seconds: int) -> Held:
        """Hold it from now on, or still; raises Conflict if it changed since `held` was read."""
        now = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec: Body = {"holderIdentity": holder, "leaseDurationSeconds": seconds, "renewTime": now}
        if held.holder != holder:
            spec |= {"acquireTime": now, "leaseTransitions": held.transitions + 1}
        body: Body = {"metadata": {"resourceVersion": held.version}, "spec": spec}
        return _held(await self._patch(self._path, body, MERGE_PATCH))

    async def release(self, held: Held) -> None:
        """Let others take it at once; raises Conflict if it changed since `held` was read."""
        body: Body = {"metadata": {"resourceVersion": held.version}, "spec": {"holderIdentity": ""}}
        await self._patch(self._path, body, MERGE_PATCH)

    async def _patch(self, path: str, body: Body, content_type: str) -> Received:
        reply = await self._session.call(
            "PATCH", path, body, content_type=content_type, urgent=True
        )
        return reply.body


def _held(body: Received) -> Held:
    seen = msgspec.json.decode(body, type=Lease)
    spec = seen.spec
    return Held(
        spec.holder_identity or "",
        seen.metadata.resource_version,
        spec.lease_duration_seconds or 0,
        spec.lease_transitions or 0,
    )
