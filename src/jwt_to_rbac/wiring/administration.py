"""What an administrator's commands need that work with their own credential, beside the program."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import aiohttp

from jwt_to_rbac.core.errors import InvalidInput, Outage
from jwt_to_rbac.core.finding import Finding, bad
from jwt_to_rbac.kube.diagnosis import look_at_cluster
from jwt_to_rbac.kube.first_system import KubeFirstSystem
from jwt_to_rbac.kube.installation import Installation
from jwt_to_rbac.kube.official import SERVICE_HOST_ENV_NAME
from jwt_to_rbac.kube.session import KubeSession, load_configuration
from jwt_to_rbac.oidc.diagnosis import Dates, compare_clocks, date_of, look_at_issuer
from jwt_to_rbac.ports import Clock
from jwt_to_rbac.settings.values import Settings
from jwt_to_rbac.usecases.adopt import Adopt
from jwt_to_rbac.wiring.issuers import trusted


async def diagnose(settings: Settings, of: Installation, clock: Clock) -> list[Finding]:
    """Looks at everything that the configuration names; changes nothing, raises nothing for it.

    A kubeconfig that the configuration names is the program's own credential, and so is a
    pod's; else whoever runs this has theirs, and the rights of the program's ServiceAccount are asked for.
    """
    dates = Dates(clock)
    async with aiohttp.ClientSession(trust_env=False, trace_configs=[dates.trace()]) as http:
        issuers = trusted(settings)
        found = [await look_at_issuer(http, issuer) for issuer in issuers]
    hosts = dict.fromkeys(urlsplit(issuer.configuration_url).netloc for issuer in issuers)
    found += [compare_clocks(f"issuer at {host}", dates.ahead.get(host)) for host in hosts]
    try:
        configuration = await load_configuration(settings.kubeconfig)
    except InvalidInput as e:
        return [*found, bad("API server", e.detail, "Name a kubeconfig that this machine has.")]
    itself = bool(settings.kubeconfig) or SERVICE_HOST_ENV_NAME in os.environ
    session = KubeSession(configuration)
    try:
        cluster = await look_at_cluster(session, of, itself)
        with suppress(Outage):  # It is among what was found then.
            date = date_of(await session.date())
            ahead = None if date is None else date - clock()
            cluster.insert(1, compare_clocks("API server", ahead))
    finally:
        await session.close()
    return [*found, *cluster]


@asynccontextmanager
async def adopting(settings: Settings, namespace: str) -> AsyncIterator[Adopt]:
    """What `jwt-to-rbac adopt` needs: the first system's accounts are in `namespace`."""
    session = KubeSession(await load_configuration(settings.kubeconfig))
    try:
        yield Adopt(KubeFirstSystem(session, namespace), settings.policy, time.time)
    finally:
        await session.close()
