"""Thousands of people on a cluster, written by the product's own code as if all had logged in."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.conditions import Findings, conditions
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.plan import plan
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.kube.cluster import KubeCluster
from jwt_to_rbac.kube.session import KubeSession, load_configuration
from jwt_to_rbac.usecases.reconcile import Decision, reconcile
from tests.support.issuer import ManyPeople

USERS = "jwt-to-rbac-users"
IN_FLIGHT = 32

Item = TypeVar("Item")


@dataclass(frozen=True)
class Crowd:
    """The cluster as a client of ours sees it, and the issuer whose people are on it."""

    session: KubeSession
    cluster: KubeCluster
    issuer: ManyPeople

    async def fill(self, names: Iterable[str], policy: Policy) -> None:
        """Everybody of these names holds what `policy` gives them, and their AccessGrant says so."""
        await each(names, lambda name: self._join(name, policy), IN_FLIGHT)

    async def _join(self, name: str, policy: Policy) -> None:
        now = time.time()
        record = Record(self._person(name), int(now) - 3600)
        access = plan(record.person, policy, self.cluster.namespaces())
        account = await reconcile(self.cluster, None, Decision(record, access), policy)
        told = conditions(access, Findings())
        await self.cluster.report(account, access, told, now)

    def _person(self, name: str) -> Person:
        """Whom the issuer's tokens are for, by the configuration that tests use."""
        return Person(
            Identity(self.issuer.url, f"sub-{name}"),
            username=f"{name}@example.com",
            email=f"{name}@example.com",
            groups=("admins", "developers"),
            connector="ldap",
            user_id=f"cn={name}",
        )

    def accounts(self) -> list[Account]:
        found = (self.cluster.account_named(name) for name in self.cluster.account_names())
        return [account for account in found if account is not None]


@asynccontextmanager
async def crowd(kubeconfig: Path, issuer: ManyPeople) -> AsyncIterator[Crowd]:
    """Follows the cluster for as long as the context lasts."""
    session = KubeSession(await load_configuration(str(kubeconfig)))
    cluster = KubeCluster(session, USERS, "jwt-to-rbac", time.time)
    following = asyncio.create_task(cluster.follow())
    try:
        await cluster.synced()
        yield Crowd(session, cluster, issuer)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await session.close()


async def each(
    items: Iterable[Item], do: Callable[[Item], Awaitable[object]], in_flight: int
) -> None:
    """`do` for each of `items`, `in_flight` side by side."""
    left = iter(items)

    async def work() -> None:
        for item in left:
            await do(item)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(in_flight):
            tasks.create_task(work())
