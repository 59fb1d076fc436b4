"""Sessions as Secrets in the accounts' namespace: their cache, their bodies, and the calls on them.

A Secret, because TokenRequest binds a token to a Pod, a Node or a Secret and nothing else. It
holds no data, but where a stored token is asked for: then it is one of Kubernetes' own kind,
which the token controller fills. Its owner is the person's AccessGrant, so that it goes with it.
"""

import asyncio
import base64
from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Self
from urllib.parse import quote

import msgspec

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.errors import Code, Conflict, Outage
from jwt_to_rbac.core.session import Session
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.manifest import Body
from jwt_to_rbac.kube.marks import GROUP, LABELS, owned_by, owner_of
from jwt_to_rbac.kube.session import MERGE_PATCH, KubeSession
from jwt_to_rbac.kube.store import Store
from jwt_to_rbac.kube.types import Secret, SecretMeta
from jwt_to_rbac.kube.watch import Watch

TYPE = f"{GROUP}/session"
STORED = "kubernetes.io/service-account-token"
OF_ACCOUNT = "kubernetes.io/service-account.name"
FILLING = 5.0
"""Seconds for the token controller to fill a Secret; it takes some milliseconds."""
DEVICE, RENEWED, EXPIRES = f"{GROUP}/device", f"{GROUP}/renewed", f"{GROUP}/expires"


class Sessions:
    """The sessions of everybody on one cluster, in the namespace `namespace`."""

    def __init__(
        self, session: KubeSession, namespace: str, changed: Callable[[Session, bool], None]
    ) -> None:
        self._told = changed
        self._session = session
        self._namespace = namespace
        self._path = paths.secrets(namespace)
        self._store: Store[Secret] = Store(self._changed)
        self._owned: dict[str, dict[str, Session]] = {}
        """Owner's uid to (name to session)."""
        self._filled: dict[str, asyncio.Event] = {}
        """Uid of a Secret that is to be filled, to what is set when it changes."""
        marks = ",".join(f"{key}={value}" for key, value in LABELS.items())
        only = f"labelSelector={quote(marks, safe='')}"
        self.watch = Watch(session, self._path, Secret, self._store, only=only)

    def behind(self, guard: Callable[[], None]) -> Self:
        """The same cache; its writes ask `guard` first (see KubeSession)."""
        twin = copy(self)
        twin._session = self._session.behind(guard)
        return twin

    def all(self) -> list[Session]:
        return [one for owned in self._owned.values() for one in owned.values()]

    def named(self, name: str) -> Session | None:
        known = self._store.get(name, self._namespace)
        return None if known is None or owner_of(known.metadata) is None else _session(known)

    def of(self, account: Account) -> tuple[Session, ...]:
        found = self._owned.get(account.uid, {}).values()
        return tuple(sorted(found, key=lambda one: (-one.created, one.name)))

    async def begin(self, account: Account, draft: Session) -> Session:
        """Raises Conflict if the name is taken, however unlikely that is."""
        reply = await self._session.call("POST", self._path, _secret(account, draft))
        made = msgspec.json.decode(reply.body, type=Secret)
        self._store.put(made)
        return _session(made)

    async def stored_token(self, session: Session) -> str:
        changed = self._filled.setdefault(session.uid, asyncio.Event())
        try:
            async with asyncio.timeout(FILLING):
                while not (token := await self._read(session)):
                    await changed.wait()
                    changed.clear()
        except TimeoutError as e:
            raise Outage(
                Code.CLUSTER_UNAVAILABLE, f"Kubernetes has not filled Secret {session.name} yet."
            ) from e
        finally:
            self._filled.pop(session.uid, None)
        return token

    async def _read(self, session: Session) -> str:
        path = f"{self._path}/{session.name}"
        reply = await self._session.call("GET", path, also=(HTTPStatus.NOT_FOUND,))
        if reply.status == HTTPStatus.NOT_FOUND:
            raise Conflict(Code.BUSY, f"Session {session.name} ended meanwhile.")
        held = msgspec.json.decode(reply.body, type=_Filled)
        if held.metadata.uid != session.uid:
            raise Conflict(Code.BUSY, f"Session {session.name} was made anew.")
        return base64.b64decode((held.data or {}).get("token", "")).decode()

    async def renew(self, session: Session) -> None:
        body = {
            "metadata": {
                "uid": session.uid,
                "annotations": {
                    RENEWED: rfc3339(session.renewed),
                    EXPIRES: rfc3339(session.expires),
                },
            }
        }
        reply = await self._session.call(
            "PATCH",
            f"{self._path}/{session.name}",
            body,
            content_type=MERGE_PATCH,
            also=(HTTPStatus.NOT_FOUND,),
        )
        if reply.status == HTTPStatus.NOT_FOUND:
            self._ended(session)
            raise Conflict(Code.BUSY, f"Session {session.name} ended meanwhile.")
        self._store.put(msgspec.json.decode(reply.body, type=Secret))

    async def end(self, session: Session) -> None:
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": session.uid},
        }
        # 409: a Secret of another uid holds the name, so the one that was meant has gone.
        await self._session.call(
            "DELETE",
            f"{self._path}/{session.name}",
            body,
            also=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        )
        self._ended(session)

    def _ended(self, session: Session) -> None:
        known = self._store.get(session.name, self._namespace)
        if known is not None and known.metadata.uid == session.uid:
            self._store.deleted(known)

    def _changed(self, before: Secret | None, after: Secret | None) -> None:
        for one, there in ((before, False), (after, True)):
            owner = owner_of(one.metadata) if one is not None else None
            if one is None or owner is None:
                continue
            session = _session(one)
            owned = self._owned.setdefault(owner.uid, {})
            if there:
                owned[session.name] = session
                if session.uid in self._filled:
                    self._filled[session.uid].set()
            else:
                owned.pop(session.name, None)
                if not owned:
                    del self._owned[owner.uid]
            if there or after is None:
                self._told(session, there)


class _Filled(msgspec.Struct):
    metadata: SecretMeta
    data: dict[str, str] | None = None


def _secret(account: Account, draft: Session) -> Body:
    of_account = {OF_ACCOUNT: account.name} if draft.stored else {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": draft.name,
            "labels": LABELS,
            "annotations": of_account
            | {
                DEVICE: draft.device,
                RENEWED: rfc3339(draft.renewed),
                EXPIRES: rfc3339(draft.expires),
            },
            "ownerReferences": owned_by(account.name, account.uid),
        },
        "type": STORED if draft.stored else TYPE,
    }


def _session(secret: Secret) -> Session:
    """The reverse; what somebody made illegible counts as ended, and is removed."""
    meta = secret.metadata
    owner = owner_of(meta)
    created = meta.creation_timestamp or datetime.fromtimestamp(0, UTC)
    return Session(
        name=meta.name,
        account=owner.name if owner is not None else "",
        device=meta.annotations.get(DEVICE, ""),
        created=int(created.timestamp()),
        renewed=_seconds(meta.annotations.get(RENEWED, "")),
        expires=_seconds(meta.annotations.get(EXPIRES, "")),
        uid=meta.uid,
        stored=secret.type == STORED,
    )


def _seconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        return int(moment.timestamp()) if moment.tzinfo is not None else 0
    except (ValueError, OverflowError):
        return 0
