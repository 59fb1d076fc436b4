"""The Authentication App, for whom the configuration has it."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.routing import BaseRoute

from jwt_to_rbac.api.well_known import Beginning
from jwt_to_rbac.oidc.browser_logins import CodeFlow, WebClient
from jwt_to_rbac.session_keys import SessionKeyFiles
from jwt_to_rbac.settings.values import Settings, Web
from jwt_to_rbac.usecases.explain import Explain
from jwt_to_rbac.usecases.issue_token import IssueToken
from jwt_to_rbac.usecases.log_in import LogIn
from jwt_to_rbac.usecases.own_access import OwnAccess
from jwt_to_rbac.usecases.people import People
from jwt_to_rbac.usecases.revoke import Revoke
from jwt_to_rbac.usecases.sessions import Sessions
from jwt_to_rbac.usecases.visit import Visit
from jwt_to_rbac.usecases.who_can import WhoCan
from jwt_to_rbac.web import get_going, kubeconfigs, my_sessions
from jwt_to_rbac.web.administration import gate
from jwt_to_rbac.web.app import WebApp
from jwt_to_rbac.web.cookies import Cookies
from jwt_to_rbac.web.first_login import FirstLogin
from jwt_to_rbac.web.login import CALLBACK, Login
from jwt_to_rbac.web.my_access import MyAccess
from jwt_to_rbac.web.page import Entrance
from jwt_to_rbac.web.seal import Seal
from jwt_to_rbac.web.shell import Link, Shell
from jwt_to_rbac.web.style import Static
from jwt_to_rbac.wiring.issuers import trusted
from jwt_to_rbac.wiring.parts import Parts
from jwt_to_rbac.wiring.web_administration import administration


def web_pages(
    parts: Parts,
    beginning: Callable[[], Beginning],
    log_in: LogIn,
    explain: Explain,
    issue_token: IssueToken,
    sessions: Sessions,
    people: People,
    revoke: Revoke,
    who_can: WhoCan,
) -> list[BaseRoute]:
    """Its paths; none without a configuration of `web`."""
    current, audit = parts.current, parts.audit
    web = current.settings.web
    if web is None:
        return []

    def cluster_to_use() -> kubeconfigs.ClusterToUse:
        told = beginning().clusters[0]
        return kubeconfigs.ClusterToUse(told.name, told.server, told.ca_data)

    static = Static()
    menu = (
        Link("/web", "My access"),
        Link(get_going.PATH, "Get going"),
        Link(my_sessions.PATH, "My sessions"),
        Link(gate.HOME, "Administration", for_administrators=True),
    )
    shell = Shell(web.public_url, current.settings.cluster.name, static.addresses, menu)
    seal = _seal(parts, web)
    cookies = Cookies(seal, time.time, shell.secure)
    first = FirstLogin(shell, seal, explain, parts.cluster)
    logins = CodeFlow(
        lambda: _web_clients(current.settings),
        parts.issuers,
        parts.http,
        shell.origin + CALLBACK,
        time.time,
    )
    administered = administration(parts, shell, logins, explain, people, sessions, revoke, who_can)
    return WebApp(
        shell,
        static,
        Entrance(shell, cookies, Visit(parts.cluster, time.time), administered.shown_to),
        Login(shell, cookies, logins, parts.issuers, log_in, first, audit, time.time),
        (
            MyAccess(
                shell,
                OwnAccess(people, parts.cluster),
                current.settings.accounts_namespace,
                time.time,
            ),
            get_going.GetGoing(
                shell, cluster_to_use, logins, issue_token, current.lifetimes, time.time
            ),
            my_sessions.MySessions(shell, sessions, time.time),
            administered,
        ),
    ).routes()


def _seal(parts: Parts, web: Web) -> Seal:
    def warn(why: str) -> None:
        parts.log.warning("New session keys can't be used; the old ones stay", detail=why)

    return Seal(SessionKeyFiles(web.session_key_files), warn)


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
        for trusted, issuer in zip(trusted(settings), settings.issuers, strict=True)
    ]
