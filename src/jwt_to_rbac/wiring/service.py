"""The running program: made of all its parts, held together until it stops."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version

import aiohttp
from starlette.types import ASGIApp
from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.audit.news import ToldAudit
from jwt_to_rbac.audit.opening import open_sink
from jwt_to_rbac.audit.trail import AuditTrail
from jwt_to_rbac.audit.writer import Writer
from jwt_to_rbac.controllers.settling import Settling
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.kube.cluster import KubeCluster
from jwt_to_rbac.kube.cluster_info import FollowedClusterInfo
from jwt_to_rbac.kube.events import Events
from jwt_to_rbac.kube.session import KubeSession, load_configuration
from jwt_to_rbac.metrics import CountedAudit, Metrics
from jwt_to_rbac.oidc.answers import told
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.settings.current import Current
from jwt_to_rbac.settings.load import Loaded
from jwt_to_rbac.usecases.callers import Callers
from jwt_to_rbac.usecases.door import Door
from jwt_to_rbac.usecases.one_at_a_time import OneAtATime
from jwt_to_rbac.wiring.background import Background
from jwt_to_rbac.wiring.issuers import trusted
from jwt_to_rbac.wiring.leading import leading
from jwt_to_rbac.wiring.parts import Parts
from jwt_to_rbac.wiring.taking_up import reloading

LAST_REPORTS = 5.0
"""Seconds that a stopping process gives to statuses that aren't written yet."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running program without its listener: the application, and the cluster it works on.

    `server` is the URL of the cluster's API server; `webhooks` is for API servers alone. When
    `died` is set, a part of the program has died: it must end.
    """

    app: ASGIApp
    webhooks: ASGIApp
    cluster: KubeCluster
    server: str
    died: asyncio.Event


@asynccontextmanager
async def service(
    loaded: Loaded,
    again: Callable[[Loaded], Loaded],
    log: FilteringBoundLogger,
    controllers: bool = True,
) -> AsyncIterator[Service]:
    """Connect to everything that the configuration names; requests can be served at once.

    `again` reads the configuration anew: what it gives is put in force while we run.

    Without `controllers` this process never leads: it does nothing unattended.
    Until the watch caches are filled they are answered with 503. Raises InvalidInput if
    something named can't be used.
    """
    current, settings = Current(loaded), loaded.settings
    configuration = await load_configuration(settings.kubeconfig)
    sink = settings.audit
    writer = Writer(open_sink(sink.file, time.time, sink.rotate_bytes, sink.keep))
    metrics = Metrics(version("jwt-to-rbac"))
    session = KubeSession(
        configuration, metrics.call, partial(load_configuration, settings.kubeconfig)
    )
    cluster = KubeCluster(
        session,
        settings.accounts_namespace,
        settings.caller_audience,
        time.time,
        lambda name: log.error("An AccessGrant can't be read, and stays as known", account=name),
    )
    replica = socket.gethostname()
    events = Events(session, replica, time.time, log)
    recorded = CountedAudit(AuditTrail(writer, replica, time.time), metrics)
    audit = ToldAudit(recorded, cluster.account_named, events.tell)
    http = aiohttp.ClientSession(trust_env=False, trace_configs=[told(metrics.fetch)])
    turns: OneAtATime[Identity] = OneAtATime()
    issuers = TrustedIssuers(trusted(settings), http, time.time)
    introduced = FollowedClusterInfo(session, log)
    door = Door(issuers, audit, settings.limits, time.monotonic)
    callers = Callers(
        issuers, door, cluster, audit, settings.accounts_namespace, settings.unauthenticated
    )
    parts = Parts(
        current,
        configuration,
        introduced,
        http,
        session,
        cluster,
        issuers,
        door,
        callers,
        audit,
        events,
        metrics,
        turns,
        log,
    )
    settle = parts.settle(cluster)
    settling = Settling(
        settle, log, may_wait=lambda name: door.logins > 0 and settle.may_wait(name)
    )
    metrics.watches(cluster.watches)
    metrics.gauge(
        "settling_queue_depth", "Accounts that wait to be settled", lambda: settling.depth
    )
    metrics.gauge("events_dropped", "Events that could not be written", lambda: events.dropped)
    metrics.gauge("audit_queue_depth", "Records that wait to be written", lambda: writer.waiting)
    loop = asyncio.get_running_loop()
    metrics.gauge(
        "tasks",
        "Pieces of work under way in the program, some fifty of them always",
        lambda: len(asyncio.all_tasks(loop)),
    )
    lead = leading(parts)
    reload = reloading(parts, again, lead.follow)

    background = Background(log)
    background.start("watches", cluster.follow())
    background.start("settling", settling.run())
    background.start("events", events.run())
    if not settings.cluster.server:
        background.start("cluster-info", introduced.run())
    if loaded.file is not None:
        background.start("configuration", reload.run())
    if controllers:
        background.start("leading", lead.run())
    try:
        # A quarter of all modules, while the API server lists everybody: of a restart with ten
        # thousand people a tenth.
        await asyncio.to_thread(import_module, "jwt_to_rbac.wiring.applications")
        from jwt_to_rbac.wiring.applications import for_api_servers, for_people

        app, webhooks = for_people(parts, settle, settling, reload, lead), for_api_servers(parts)
        yield Service(app, webhooks, cluster, configuration.host, background.died)
        # Others lead from now on, while what is left here is finished.
        if controllers:
            await background.stop("leading")
        # What logins of the last moment left to be told.
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_REPORTS):
                await settling.idle.wait()
                await events.written()
    finally:
        await background.stop()
        await issuers.close()
        await http.close()
        await session.close()
        await writer.close()
