"""What commands need that only look: nothing is written, neither to the cluster nor to the audit."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from jwt_to_rbac.core.errors import Code, Outage
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.record import refusal
from jwt_to_rbac.kube.cluster import KubeCluster
from jwt_to_rbac.kube.session import KubeSession, load_configuration
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.settings.values import Settings
from jwt_to_rbac.usecases.explain import Explain
from jwt_to_rbac.wiring.issuers import trusted

FIRST_LOOK = 15.0
"""Seconds until the caches must be filled."""


@asynccontextmanager
async def explaining(settings: Settings) -> AsyncIterator[Explain]:
    """Only what a dry run needs. Raises Outage if the cluster can't be read in time."""
    async with _cluster(settings) as cluster:
        http = aiohttp.ClientSession(trust_env=False)
        issuers = TrustedIssuers(trusted(settings), http, time.time)
        try:
            yield Explain(issuers, cluster, lambda: settings.policy, time.time)
        finally:
            await issuers.close()
            await http.close()


async def refused_people(settings: Settings) -> list[Identity]:
    """Whose access is suspended or has ended, as the cluster says now. Raises Outage."""
    async with _cluster(settings) as cluster:
        now = time.time()
        accounts = [cluster.account_named(name) for name in cluster.account_names()]
        records = [account.record for account in accounts if account is not None]
        return [one.person.identity for one in records if refusal(one, now) is not None]


@asynccontextmanager
async def _cluster(settings: Settings) -> AsyncIterator[KubeCluster]:
    """Its caches are filled."""
    session = KubeSession(await load_configuration(settings.kubeconfig), lambda *told: None)
    cluster = KubeCluster(session, settings.accounts_namespace, settings.caller_audience, time.time)
    following = asyncio.create_task(cluster.follow())
    try:
        await _filled(cluster)
        yield cluster
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await session.close()


async def _filled(cluster: KubeCluster) -> None:
    try:
        async with asyncio.timeout(FIRST_LOOK):
            await cluster.synced()
    except TimeoutError as e:
        raise Outage(Code.CLUSTER_UNAVAILABLE, "The cluster could not be read in time.") from e
