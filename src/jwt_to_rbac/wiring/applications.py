"""The two HTTP applications: the one for people and their tools, and the one for API servers."""

import secrets
import time

from jwt_to_rbac.api.app import application
from jwt_to_rbac.api.edge import Edge, Told
from jwt_to_rbac.api.explain import ExplainApi
from jwt_to_rbac.api.first_system import FirstSystem
from jwt_to_rbac.api.health import Health
from jwt_to_rbac.api.metrics import MetricsPage
from jwt_to_rbac.api.people import PeopleApi
from jwt_to_rbac.api.sessions import SessionsApi
from jwt_to_rbac.api.source import source_of
from jwt_to_rbac.api.well_known import Beginning, WellKnown
from jwt_to_rbac.api.who_can import WhoCanApi
from jwt_to_rbac.api.whoami import WhoamiApi
from jwt_to_rbac.controllers.reloading import Reloading
from jwt_to_rbac.controllers.settling import Settling
from jwt_to_rbac.settings.load import Loaded
from jwt_to_rbac.usecases.authorize import Authorize
from jwt_to_rbac.usecases.explain import Explain
from jwt_to_rbac.usecases.issue_token import IssueToken
from jwt_to_rbac.usecases.list_objects import ListObjects
from jwt_to_rbac.usecases.log_in import LogIn
from jwt_to_rbac.usecases.log_in_for_token import LogInForToken
from jwt_to_rbac.usecases.people import People
from jwt_to_rbac.usecases.review_token import ReviewToken
from jwt_to_rbac.usecases.revoke import Revoke
from jwt_to_rbac.usecases.said_once import SaidOnce
from jwt_to_rbac.usecases.sessions import Sessions
from jwt_to_rbac.usecases.settle import Settle
from jwt_to_rbac.usecases.stored_tokens import StoredTokens
from jwt_to_rbac.usecases.who_can import WhoCan
from jwt_to_rbac.webhooks.app import WebhookApp
from jwt_to_rbac.wiring.beginning import beginning, ca_certificate, own_way
from jwt_to_rbac.wiring.leading import Leading
from jwt_to_rbac.wiring.parts import Parts
from jwt_to_rbac.wiring.web_app import web_pages


def for_people(
    parts: Parts,
    settle: Settle,
    settling: Settling,
    reloading: Reloading[Loaded],
    leading: Leading,
) -> Edge:
    """Every path of the listener that people, their tools and operators use."""
    current, cluster, issuers, audit = parts.current, parts.cluster, parts.issuers, parts.audit
    door, callers, turns, metrics = parts.door, parts.callers, parts.turns, parts.metrics
    settings, configuration = current.settings, parts.configuration
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
    log_in_for_token = LogInForToken(log_in, issue_token)
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
    sessions = Sessions(callers, cluster, audit, time.time)
    who_can = WhoCan(callers, cluster, current.policy)

    def begin() -> Beginning:
        known = parts.introduced.found or own_way(configuration)
        return beginning(current.settings, known)

    app = application(
        (
            FirstSystem(
                callers,
                log_in,
                log_in_for_token,
                issue_token,
                revoke,
                ListObjects(callers, cluster),
                ca_certificate(configuration),
                settings.token_creation,
                stored_tokens if settings.stored_tokens else None,
            ),
            SessionsApi(callers, log_in_for_token, issue_token, sessions),
            PeopleApi(callers, people, revoke),
            ExplainApi(callers, explain),
            WhoamiApi(callers, explain),
            WhoCanApi(callers, who_can),
            WellKnown(begin),
            Health(
                cluster.stale,
                {
                    "configuration": lambda: {"sha256": current.loaded.sha256} | reloading.state(),
                    "controllers": leading.state,
                    "issuers": issuers.states,
                },
            ),
            MetricsPage(metrics.registry),
        ),
        lambda: secrets.token_hex(16),
        _told_of(parts),
        lambda scope: source_of(scope, settings.trusted_proxies),
        door.failed,
        web_pages(parts, begin, log_in, explain, issue_token, sessions, people, revoke, who_can),
    )
    metrics.gauge("logins_in_work", "Logins that are being worked on", lambda: door.logins)
    metrics.gauge("requests_held", "Refusals that are held back", lambda: app.held)
    return app


def for_api_servers(parts: Parts) -> Edge:
    """What API servers ask, behind the same edge as everything else."""
    said_once = SaidOnce(parts.audit, time.time)
    app = WebhookApp(
        ReviewToken(parts.issuers, parts.cluster, said_once, time.time),
        Authorize(parts.cluster, parts.current.policy, said_once, time.time),
    )
    return Edge(app, lambda: secrets.token_hex(16), _told_of(parts))


def _told_of(parts: Parts) -> Told:
    return Told(parts.metrics.request, parts.metrics.failure, parts.log)
