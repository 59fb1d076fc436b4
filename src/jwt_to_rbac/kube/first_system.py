"""Finds what the first system left on a cluster, and takes it away. What is to go is decided in `core.adoption`.

Its objects have the label `generatedby: jwttorbac` alone; ours have that of Kubernetes'
guidelines beside it, and an AccessGrant as their owner.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from jwt_to_rbac.core.adoption import FirstSystem, Found, Kind, OldBinding, OldToken
from jwt_to_rbac.core.identity import Person
from jwt_to_rbac.core.policy import PolicyRule
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.manifest import record_of, role_rules
from jwt_to_rbac.kube.marks import LABELS
from jwt_to_rbac.kube.session import MERGE_PATCH, KubeSession
from jwt_to_rbac.kube.types import AccessGrant

LABEL, VALUE = next(iter(LABELS.items()))
MANAGED_BY = "app.kubernetes.io/managed-by"
TIME_TO_LIVE = "banzaicloud.io/timetolive"
"""The annotation that says when its sweep would have deleted a token (RFC 3339)."""

OF_ACCOUNT = "kubernetes.io/service-account.name"
STORED = "kubernetes.io/service-account-token"
PAGE = 500
_OF_RBAC = (Kind.CLUSTER_ROLE_BINDING, Kind.ROLE_BINDING, Kind.CLUSTER_ROLE)
_RBAC_KINDS = {
    Kind.CLUSTER_ROLE_BINDING: paths.CLUSTER_ROLE_BINDINGS,
    Kind.ROLE_BINDING: paths.ROLE_BINDINGS,
}


class KubeFirstSystem:
    """The first system's objects on one cluster; its ServiceAccounts are in `namespace`.

    Every call raises JwtToRbacError.
    """

    def __init__(self, session: KubeSession, namespace: str) -> None:
        self._session = session
        self._namespace = namespace

    async def find(self) -> FirstSystem:
        """All of them."""
        namespace = self._namespace
        accounts = [
            _found(Kind.SERVICE_ACCOUNT, one)
            async for one in self._all(paths.service_accounts(namespace))
            if _is_old(one)
        ]
        names = {one.name for one in accounts}
        bindings, of_others = [], set()
        for kind, path in _RBAC_KINDS.items():
            async for one in self._all(path):
                binding = _binding(kind, one, namespace, names)
                if binding is not None:
                    bindings.append(binding)
                else:
                    of_others.add(one["roleRef"]["name"])
        tokens = [
            OldToken(_found(Kind.SECRET, one), account, _ends(one))
            async for one in self._all(paths.secrets(namespace))
            if one.get("type") == STORED
            and (account := _annotations(one).get(OF_ACCOUNT, "")) in names
        ]
        roles = [
            _found(Kind.CLUSTER_ROLE, one)
            async for one in self._all(paths.CLUSTER_ROLES)
            if _is_old(one)
        ]
        left = (tuple(accounts), tuple(bindings), tuple(tokens), tuple(roles))
        return FirstSystem(*left, frozenset(of_others))

    async def people(self) -> dict[str, Person]:
        """Whoever has an AccessGrant of ours, by its name."""
        return {
            grant.metadata.name: record_of(grant.spec).person
            async for one in self._all(paths.GRANTS)
            for grant in (msgspec.convert(one, AccessGrant),)
        }

    async def remove(self, one: Found) -> None:
        """Delete this very object; one that is gone, or another by now, is left."""
        root = paths.RBAC if one.kind in _OF_RBAC else "/api/v1"
        place = f"{root}/namespaces/{one.namespace}" if one.namespace else root
        body = {"preconditions": {"uid": one.uid}}
        path = f"{place}/{one.kind}/{quote(one.name, safe='')}"
        await self._session.call("DELETE", path, body, also=(404, 409))

    async def take_over_role(self, role: Found, rules: tuple[PolicyRule, ...]) -> None:
        """Make a ClusterRole ours, with the policy's rules."""
        body = {"metadata": {"uid": role.uid, "labels": LABELS}, "rules": role_rules(rules)}
        path = paths.cluster_role(role.name)
        await self._session.call("PATCH", path, body, content_type=MERGE_PATCH)

    async def _all(self, path: str) -> AsyncIterator[dict[str, Any]]:
        """Every object of a collection, page by page; none where there is no such collection."""
        following = ""
        while True:
            query = f"?limit={PAGE}" + (f"&continue={quote(following)}" if following else "")
            reply = await self._session.call("GET", path + query, also=(404,))
            if reply.status == 404:
                return
            page = msgspec.json.decode(reply.body)
            for one in page["items"]:
                yield one
            following = page["metadata"].get("continue", "")
            if not following:
                return


def _binding(
    kind: Kind, one: dict[str, Any], namespace: str, accounts: set[str]
) -> OldBinding | None:
    """A binding that the first system made, or that another made for one of its accounts."""
    subjects = one.get("subjects") or []
    theirs = tuple(
        subject["name"]
        for subject in subjects
        if subject.get("kind") == "ServiceAccount"
        and subject.get("namespace") == namespace
        and subject["name"] in accounts
    )
    if not (theirs or _is_old(one)):
        return None
    role = one["roleRef"]["name"]
    # Its names say what they are; with one subject they are nobody else's.
    named = len(subjects) == 1 and one["metadata"]["name"] in {
        f"{account}-{role}-binding" for account in theirs
    }
    return OldBinding(_found(kind, one), role, theirs, _is_old(one) or named)


def _is_old(one: dict[str, Any]) -> bool:
    labels = one["metadata"].get("labels") or {}
    return labels.get(LABEL) == VALUE and MANAGED_BY not in labels


def _found(kind: Kind, one: dict[str, Any]) -> Found:
    meta = one["metadata"]
    return Found(kind, meta["name"], meta.get("namespace", ""), meta["uid"])


def _annotations(one: dict[str, Any]) -> dict[str, str]:
    return one["metadata"].get("annotations") or {}


def _ends(one: dict[str, Any]) -> float | None:
    """When its time was to be over; None also where what stands there is no time."""
    try:
        ends = datetime.fromisoformat(_annotations(one).get(TIME_TO_LIVE, ""))
    except ValueError:
        return None
    return (ends if ends.tzinfo else ends.replace(tzinfo=UTC)).timestamp()
