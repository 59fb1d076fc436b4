"""Revocations that outlive their AccessGrant: one small ConfigMap a person, in the accounts' namespace.

Nothing of a revoked person survives, so nothing but this could refuse an ID token from before. An
object each, and not a list in one, because revocations of many people must not wait for one
another, and every replica hears of each: an event is some hundred bytes, not the whole list.
The name is a hash of the identity; it says of nobody in plain text that they were here.
"""

from collections.abc import Callable
from copy import copy
from datetime import datetime
from http import HTTPStatus
from typing import Self

import msgspec

from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.names import identity_digest
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.installation import LABELS
from jwt_to_rbac.kube.manifest import Body
from jwt_to_rbac.kube.marks import GROUP
from jwt_to_rbac.kube.session import APPLY_PATCH, KubeSession
from jwt_to_rbac.kube.store import Store
from jwt_to_rbac.kube.types import ConfigMap
from jwt_to_rbac.kube.watch import Watch

PREFIX = "revoked-"
HOLDS = f"{GROUP}/holds"
ILLEGIBLE = 1 << 40
"""What somebody made illegible refuses every token until it is mended or deleted."""


class Revocations:
    """`changed` is told the name of each one that came or changed."""

    def __init__(
        self, session: KubeSession, namespace: str, changed: Callable[[str], None]
    ) -> None:
        self._session = session
        self._path = paths.config_maps(namespace)
        self._namespace = namespace
        self._changed = changed
        self._store: Store[ConfigMap] = Store(self._seen)
        only = f"labelSelector={HOLDS}%3Drevocation"
        self.watch = Watch(session, self._path, ConfigMap, self._store, only)

    def behind(self, guard: Callable[[], None]) -> Self:
        """The same cache; its writes ask `guard` first (see KubeSession)."""
        twin = copy(self)
        twin._session = self._session.behind(guard)
        return twin

    def of(self, identity: Identity) -> int | None:
        """The first second whose ID tokens are good, as last heard; None for no revocation."""
        if not len(self._store):
            return None  # As a rule; and ten thousand hashes are felt.
        return _not_before(self._store.get(name_of(identity), self._namespace))

    async def read(self, identity: Identity) -> int | None:
        """The same, asked of the API server."""
        path = f"{self._path}/{name_of(identity)}"
        reply = await self._session.call("GET", path, also=(HTTPStatus.NOT_FOUND,))
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        found = msgspec.json.decode(reply.body, type=ConfigMap)
        self._store.put(found)
        return _not_before(found)

    async def write(self, identity: Identity, not_before: int) -> None:
        """Remember it; one that is heard of already and is later stays."""
        name, known = name_of(identity), self.of(identity) or 0
        if known != ILLEGIBLE:
            not_before = max(not_before, known)
        body: Body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": LABELS | {HOLDS: "revocation"}},
            "data": {"notBefore": rfc3339(not_before)},
        }
        path = f"{self._path}/{name}?fieldManager=jwt-to-rbac&force=true"
        reply = await self._session.call("PATCH", path, body, content_type=APPLY_PATCH, urgent=True)
        self._store.put(msgspec.json.decode(reply.body, type=ConfigMap))

    async def forget(self, before: float) -> None:
        """Delete those from before this time, in seconds since 1970."""
        for one in list(self._store.values()):
            if (_not_before(one) or 0) >= before:
                continue
            body: Body = {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "preconditions": {"resourceVersion": one.metadata.resource_version},
            }
            # 409: it was written anew meanwhile.
            await self._session.call(
                "DELETE",
                f"{self._path}/{one.metadata.name}",
                body,
                also=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
            )

    def _seen(self, before: ConfigMap | None, after: ConfigMap | None) -> None:
        if after is not None:
            self._changed(after.metadata.name)


def name_of(identity: Identity) -> str:
    return PREFIX + identity_digest(identity)


def _not_before(found: ConfigMap | None) -> int | None:
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(found.data.get("notBefore", ""))
        return int(moment.timestamp()) if moment.tzinfo is not None else ILLEGIBLE
    except (ValueError, OverflowError):
        return ILLEGIBLE
