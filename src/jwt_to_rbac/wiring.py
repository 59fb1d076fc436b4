"""The one place where the parts are put together. Every part gets what it needs as an argument."""

import asyncio
import os
import secrets
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from starlette.routing import BaseRoute
from starlette.types import ASGIApp
from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.api.app import application
from jwt_to_rbac.api.edge import Edge, Told
from jwt_to_rbac.api.explain import ExplainApi
from jwt_to_rbac.api.first_system import FirstSystem
from jwt_to_rbac.api.health import Health
from jwt_to_rbac.api.metrics import MetricsPage
from jwt_to_rbac.api.people import PeopleApi
from jwt_to_rbac.api.sessions import SessionsApi
from jwt_to_rbac.api.source import source_of
from jwt_to_rbac.api.well_known import Beginning, ClusterToUse, IssuerToUse, WellKnown, base64_of
from jwt_to_rbac.api.who_can import WhoCanApi
from jwt_to_rbac.api.whoami import WhoamiApi
from jwt_to_rbac.audit.news import ToldAudit
from jwt_to_rbac.audit.opening import open_sink
from jwt_to_rbac.audit.trail import AuditTrail
from jwt_to_rbac.audit.writer import Writer
from jwt_to_rbac.controllers.keeping_roles import KeepingRoles
from jwt_to_rbac.controllers.leadership import Leadership
from jwt_to_rbac.controllers.reloading import Reloading
from jwt_to_rbac.controllers.session_ends import SessionEnds
from jwt_to_rbac.controllers.settling import Settling
from jwt_to_rbac.controllers.standing import Standing
from jwt_to_rbac.controllers.unattended import Unattended
from jwt_to_rbac.core.errors import Code, InvalidInput, Outage
from jwt_to_rbac.core.finding import Finding, bad
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.record import refusal
from jwt_to_rbac.kube.cluster import KubeCluster
from jwt_to_rbac.kube.cluster_info import ClusterInfo, FollowedClusterInfo
from jwt_to_rbac.kube.diagnosis import look_at_cluster
from jwt_to_rbac.kube.events import Events
from jwt_to_rbac.kube.first_system import KubeFirstSystem
from jwt_to_rbac.kube.installation import Installation
from jwt_to_rbac.kube.lease import KubeLease
from jwt_to_rbac.kube.official import SERVICE_HOST_ENV_NAME, Configuration
from jwt_to_rbac.kube.session import KubeSession, load_configuration
from jwt_to_rbac.metrics import CountedAudit, Metrics
from jwt_to_rbac.oidc.answers import told
from jwt_to_rbac.oidc.browser_logins import CodeFlow, WebClient
from jwt_to_rbac.oidc.diagnosis import Dates, compare_clocks, date_of, look_at_issuer
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.ports import Audit, Clock, Cluster, Issuers, PolicyInForce
from jwt_to_rbac.session_keys import SessionKeyFiles
from jwt_to_rbac.settings.current import Current
from jwt_to_rbac.settings.load import Loaded
from jwt_to_rbac.settings.reload import contents
from jwt_to_rbac.settings.values import Settings, Web
from jwt_to_rbac.usecases.adopt import Adopt
from jwt_to_rbac.usecases.authorize import Authorize
from jwt_to_rbac.usecases.callers import Callers
from jwt_to_rbac.usecases.door import Door
from jwt_to_rbac.usecases.explain import Explain
from jwt_to_rbac.usecases.issue_token import IssueToken
from jwt_to_rbac.usecases.keep_roles import KeepRoles
from jwt_to_rbac.usecases.keep_standing import KeepStanding
from jwt_to_rbac.usecases.list_objects import ListObjects
from jwt_to_rbac.usecases.log_in import LogIn
from jwt_to_rbac.usecases.one_at_a_time import OneAtATime
from jwt_to_rbac.usecases.people import People
from jwt_to_rbac.usecases.review_token import ReviewToken
from jwt_to_rbac.usecases.revoke import Revoke
from jwt_to_rbac.usecases.said_once import SaidOnce
from jwt_to_rbac.usecases.sessions import Sessions
from jwt_to_rbac.usecases.settle import Settle
from jwt_to_rbac.usecases.stored_tokens import StoredTokens
from jwt_to_rbac.usecases.visit import Visit
from jwt_to_rbac.usecases.who_can import WhoCan
from jwt_to_rbac.web import get_going, kubeconfigs, my_sessions
from jwt_to_rbac.web.app import WebApp
from jwt_to_rbac.web.cookies import Cookies
from jwt_to_rbac.web.login import CALLBACK, Login
from jwt_to_rbac.web.my_access import MyAccess
from jwt_to_rbac.web.page import Entrance
from jwt_to_rbac.web.seal import Seal
from jwt_to_rbac.web.shell import Link, Shell
from jwt_to_rbac.web.style import Static
from jwt_to_rbac.webhooks.app import WebhookApp

FIRST_LOOK = 15.0
"""Seconds until the caches must be filled for a command that only looks."""

LAST_REPORTS = 5.0
"""Seconds that a stopping process gives to statuses that aren't written yet."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running program without its listener: the application, and the cluster it works on.

    `server` is the URL of the cluster's API server; `webhooks` is for API servers alone.
    """

    app: ASGIApp
    webhooks: ASGIApp
    cluster: KubeCluster
    server: str


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
    session = KubeSession(configuration, metrics.call)
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
    settle = Settle(
        cluster, current.policy, audit, time.time, turns, current.lifetimes, events.tell
    )
    settling = Settling(settle, log)
    issuers = TrustedIssuers(_trusted(settings), http, time.time)
    door = Door(issuers, audit, settings.limits, time.monotonic)
    callers = Callers(
        issuers, door, cluster, audit, settings.accounts_namespace, settings.unauthenticated
    )
    log_in = LogIn(
        door, cluster, current.policy, audit, time.time, turns, current.lifetimes, settling.later
    )
    issue_token = IssueToken(
        callers,
        log_in,
        cluster,
        current.lifetimes,
        audit,
        time.time,
        lambda: secrets.token_hex(5),
    )
    stored_tokens = StoredTokens(
        issue_token,
        cluster,
        current.lifetimes,
        audit,
        time.time,
        issue_token.new_suffix,
        settings.accounts_namespace,
    )
    revoke = Revoke(callers, cluster, audit, turns, time.time)
    explain = Explain(issuers, cluster, current.policy, time.time)
    people = People(callers, cluster, current.policy, audit, time.time, turns, settle)
    metrics.watches(cluster.watches)
    metrics.gauge(
        "settling_queue_depth", "Accounts that wait to be settled", lambda: settling.depth
    )
    metrics.gauge("events_dropped", "Events that could not be written", lambda: events.dropped)
    metrics.gauge("audit_queue_depth", "Records that wait to be written", lambda: writer.waiting)
    introduced = FollowedClusterInfo(session, log)

    def beginning() -> Beginning:
        return _beginning(current.settings, introduced.found or _own_way(configuration))

    sessions = Sessions(callers, cluster, audit, time.time)
    told_of = Told(metrics.request, metrics.failure, log)
    pages: list[BaseRoute] = []
    if settings.web is not None:
        pages = _web_app(
            WebParts(
                current,
                beginning,
                issuers,
                http,
                cluster,
                log_in,
                explain,
                audit,
                issue_token,
                sessions,
                log,
            ),
            settings.web,
        ).routes()
    app = application(
        (
            FirstSystem(
                callers,
                log_in,
                issue_token,
                revoke,
                ListObjects(callers, cluster),
                _ca_certificate(configuration),
                settings.token_creation,
                stored_tokens if settings.stored_tokens else None,
            ),
            SessionsApi(callers, log_in, issue_token, sessions),
            PeopleApi(callers, people, revoke),
            ExplainApi(callers, explain),
            WhoamiApi(callers, explain),
            WhoCanApi(callers, WhoCan(callers, cluster, current.policy)),
            WellKnown(beginning),
            Health(
                cluster.stale,
                {"configuration": lambda: {"sha256": current.loaded.sha256} | reloading.state()},
            ),
            MetricsPage(metrics.registry),
        ),
        lambda: uuid.uuid4().hex,
        told_of,
        lambda scope: source_of(scope, settings.trusted_proxies),
        door.failed,
        pages,
    )
    metrics.gauge("logins_in_work", "Logins that are being worked on", lambda: door.logins)
    metrics.gauge("requests_held", "Refusals that are held back", lambda: app.held)
    webhooks = webhook_application(issuers, cluster, current.policy, audit, told_of)
    lease = KubeLease(session, settings.accounts_namespace, time.time)
    leadership = Leadership(lease, f"{replica}_{uuid.uuid4().hex}", log)
    metrics.gauge(
        "leader", "1 while this replica runs the controllers, else 0", leadership.still_leading
    )

    guarded = cluster.behind(leadership.guard)
    unattended = Unattended(
        guarded,
        Settle(guarded, current.policy, audit, time.time, turns, current.lifetimes, events.tell),
        log,
        time.time,
    )
    session_ends = SessionEnds(
        guarded, Sessions(callers, guarded, audit, time.time).expire, log, time.time
    )
    cluster.listeners.append(unattended)
    cluster.session_listeners += [unattended, session_ends]
    standing = Standing(KeepStanding(guarded, current.policy, audit), log)
    keeping_roles = KeepingRoles(KeepRoles(guarded, current.policy, audit), log)
    metrics.gauge(
        "unattended_queue_depth",
        "Accounts that the controllers are about to look at",
        lambda: unattended.depth,
    )
    metrics.gauge(
        "roles_not_kept",
        "ClusterRoles that are not as the policy says, and can't be made so",
        lambda: keeping_roles.failing,
    )

    def follow() -> None:
        unattended.look_at_everybody()
        standing.look_now()
        keeping_roles.look_now()

    reloading = Reloading(
        lambda: contents(current.loaded),
        lambda: again(current.loaded),
        _take_up(current, issuers, audit, log, follow),
        log,
        time.time,
    )
    metrics.reloads(lambda: not reloading.failing, lambda: reloading.succeeded_at)

    async def term() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(unattended.term())
            tasks.create_task(session_ends.term())
            tasks.create_task(standing.term())
            tasks.create_task(keeping_roles.term())

    async def lead() -> None:
        await cluster.synced()
        await leadership.run(term)

    background = [
        asyncio.create_task(work) for work in (cluster.follow(), settling.run(), events.run())
    ]
    if not settings.cluster.server:
        background.append(asyncio.create_task(introduced.run()))
    if loaded.file is not None:
        background.append(asyncio.create_task(reloading.run()))
    leading = asyncio.create_task(lead() if controllers else asyncio.sleep(0))
    try:
        yield Service(app, webhooks, cluster, configuration.host)
        # Others lead from now on, while what is left here is finished.
        leading.cancel()
        await asyncio.gather(leading, return_exceptions=True)
        # What logins of the last moment left to be told.
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_REPORTS):
                await settling.idle.wait()
                await events.written()
    finally:
        for task in (leading, *background):
            task.cancel()
        await asyncio.gather(leading, *background, return_exceptions=True)
        await issuers.close()
        await http.close()
        await session.close()
        await writer.close()


@dataclass(frozen=True, slots=True)
class WebParts:
    """What the Authentication App is put together from."""

    current: Current
    beginning: Callable[[], Beginning]
    issuers: TrustedIssuers
    http: aiohttp.ClientSession
    cluster: Cluster
    log_in: LogIn
    explain: Explain
    audit: Audit
    issue_token: IssueToken
    sessions: Sessions
    log: FilteringBoundLogger


def _web_app(of: WebParts, web: Web) -> WebApp:
    def warn(why: str) -> None:
        of.log.warning("New session keys can't be used; the old ones stay", detail=why)

    def cluster_to_use() -> kubeconfigs.ClusterToUse:
        told = of.beginning().clusters[0]
        return kubeconfigs.ClusterToUse(told.name, told.server, told.ca_data)

    static = Static()
    menu = (
        Link("/web", "My access"),
        Link(get_going.PATH, "Get going"),
        Link(my_sessions.PATH, "My sessions"),
    )
    name = of.current.settings.cluster.name
    shell = Shell(web.public_url, name, static.addresses, menu)
    seal = Seal(SessionKeyFiles(web.session_key_files), warn)
    cookies = Cookies(seal, time.time, shell.secure)
    logins = CodeFlow(
        lambda: _web_clients(of.current.settings),
        of.issuers,
        of.http,
        shell.origin + CALLBACK,
        time.time,
    )
    return WebApp(
        shell,
        static,
        Entrance(shell, cookies, Visit(of.cluster, time.time)),
        Login(shell, cookies, logins, of.issuers, of.log_in, of.explain, of.audit, time.time),
        (
            MyAccess(shell),
            get_going.GetGoing(
                shell, cluster_to_use, logins, of.issue_token, of.current.lifetimes, time.time
            ),
            my_sessions.MySessions(shell, of.sessions, time.time),
        ),
    )


def _web_clients(settings: Settings) -> list[WebClient]:
    """The web app as a client of each issuer. Not for refresh tokens: it would keep none, and Dex
    ends those that a person's own machine has of the same client."""
    return [
        WebClient(
            trusted,
            issuer.login.name or urlsplit(issuer.url).netloc,
            issuer.login.web_client_id or issuer.login.client_id or issuer.audiences[0],
            [scope for scope in issuer.login.scopes if scope != "offline_access"],
            issuer.login.web_client_secret_file,
        )
        for trusted, issuer in zip(_trusted(settings), settings.issuers, strict=True)
    ]


def webhook_application(
    issuers: Issuers, cluster: Cluster, policy: PolicyInForce, audit: Audit, told_of: Told
) -> ASGIApp:
    """What API servers ask, behind the same edge as everything else."""
    said_once = SaidOnce(audit, time.time)
    app = WebhookApp(
        ReviewToken(issuers, cluster, said_once, time.time),
        Authorize(cluster, policy, said_once, time.time),
    )
    return Edge(app, lambda: uuid.uuid4().hex, told_of)


@asynccontextmanager
async def explaining(settings: Settings) -> AsyncIterator[Explain]:
    """Only what a dry run needs: nothing is written, neither to the cluster nor to the audit.

    Raises Outage if the cluster can't be read in time.
    """
    session = KubeSession(await load_configuration(settings.kubeconfig), lambda *told: None)
    cluster = KubeCluster(session, settings.accounts_namespace, settings.caller_audience, time.time)
    http = aiohttp.ClientSession(trust_env=False)
    issuers = TrustedIssuers(_trusted(settings), http, time.time)
    following = asyncio.create_task(cluster.follow())
    try:
        await asyncio.wait_for(cluster.synced(), FIRST_LOOK)
        yield Explain(issuers, cluster, lambda: settings.policy, time.time)
    except TimeoutError as e:
        raise Outage(Code.CLUSTER_UNAVAILABLE, "The cluster could not be read in time.") from e
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await issuers.close()
        await http.close()
        await session.close()


async def refused_people(settings: Settings) -> list[Identity]:
    """Whose access is suspended or has ended, as the cluster says now. Raises Outage."""
    session = KubeSession(await load_configuration(settings.kubeconfig), lambda *told: None)
    cluster = KubeCluster(session, settings.accounts_namespace, settings.caller_audience, time.time)
    following = asyncio.create_task(cluster.follow())
    try:
        await asyncio.wait_for(cluster.synced(), FIRST_LOOK)
        now = time.time()
        accounts = [cluster.account_named(name) for name in cluster.account_names()]
        records = [account.record for account in accounts if account is not None]
        return [one.person.identity for one in records if refusal(one, now) is not None]
    except TimeoutError as e:
        raise Outage(Code.CLUSTER_UNAVAILABLE, "The cluster could not be read in time.") from e
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await session.close()


async def diagnose(settings: Settings, of: Installation, clock: Clock) -> list[Finding]:
    """Looks at everything that the configuration names; changes nothing, raises nothing for it.

    A kubeconfig that the configuration names is the program's own credential, and so is a
    pod's; else whoever runs this has theirs, and the rights of the program's ServiceAccount are asked for.
    """
    dates = Dates(clock)
    async with aiohttp.ClientSession(trust_env=False, trace_configs=[dates.trace()]) as http:
        issuers = _trusted(settings)
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


def _take_up(
    current: Current,
    issuers: TrustedIssuers,
    audit: Audit,
    log: FilteringBoundLogger,
    follow: Callable[[], None],
) -> Callable[[Loaded], Awaitable[None]]:
    """Puts a configuration in force, all of it between two requests; logins under way end as begun.

    `follow` has the leader look at all that follows from it, now.
    """

    async def take_up(found: Loaded) -> None:
        before = current.loaded
        if (found.sha256, found.settings) == (before.sha256, before.settings):
            return
        trusted = _trusted(found.settings)
        await audit.record("configuration", sha256=found.sha256)
        issuers.replace(trusted)
        current.loaded = found
        for warning in set(found.warnings) - set(before.warnings):
            log.warning("The configuration has a doubtful place", detail=warning)
        log.info("A changed configuration is in force", sha256=found.sha256)
        follow()

    return take_up


def _trusted(settings: Settings) -> list[TrustedIssuer]:
    return [
        TrustedIssuer(
            issuer.url,
            frozenset(issuer.audiences),
            frozenset(issuer.algorithms),
            issuer.ca_file,
            issuer.discovery_url,
            ca_pem=issuer.ca_pem,
            verify_tls=issuer.verify_tls,
            mapping=issuer.mapping,
        )
        for issuer in settings.issuers
    ]


def _beginning(settings: Settings, known: ClusterInfo) -> Beginning:
    """`known` is how the cluster is reached where the configuration doesn't say it."""
    cluster = settings.cluster
    authority = cluster.ca_file.read_bytes() if cluster.ca_file else known.ca_pem
    return Beginning(
        tuple(
            IssuerToUse(
                name=issuer.login.name or urlsplit(issuer.url).netloc,
                issuer=issuer.url,
                client_id=issuer.login.client_id or issuer.audiences[0],
                scopes=issuer.login.scopes,
                ca_data=base64_of(issuer.ca_file.read_bytes() if issuer.ca_file else issuer.ca_pem),
            )
            for issuer in settings.issuers
        ),
        (
            ClusterToUse(
                name=cluster.name,
                server=cluster.server or known.server,
                ca_data=base64_of(authority),
            ),
        ),
    )


def _own_way(configuration: Configuration) -> ClusterInfo:
    """The cluster as the program itself reaches it."""
    return ClusterInfo(configuration.host, _ca_certificate(configuration))


def _ca_certificate(configuration: Configuration) -> bytes:
    """The API server's CA in PEM, for clients; empty where the system's authorities vouch for it."""
    if configuration.ssl_ca_cert:
        return Path(configuration.ssl_ca_cert).read_bytes()
    return (configuration.ca_cert_data or "").encode()
