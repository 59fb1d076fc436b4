"""The way in and out: choose an issuer, go there, come back with a code, log in; and log out."""

import re
import secrets
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jwt_to_rbac.core.errors import Code, Denial, Outage
from jwt_to_rbac.ports import Audit, BrowserLogins, Clock, Issuers
from jwt_to_rbac.usecases.log_in import LoggedIn, LogIn
from jwt_to_rbac.web import errors, first_login, forms
from jwt_to_rbac.web.cookies import LOGIN_SECONDS, VISIT_SECONDS, Cookies, LoginUnderWay, Visiting
from jwt_to_rbac.web.first_login import FirstLogin
from jwt_to_rbac.web.page import Pages
from jwt_to_rbac.web.shell import Asked, Shell, noted

CALLBACK: Final = "/web/callback"
"""Below the public URL: the redirect URI that an issuer's administrator enters."""

HOME: Final = "/web"
LOGGED_OUT: Final = "/web/logged-out"

_HERE = re.compile(r"/web(?:/[A-Za-z0-9._~%-]+)*")
"""Where a login may lead: pages of ours, never another site."""

_WORD = re.compile(r"[a-z_]{1,64}")

_NOT_BEGUN = Denial(
    Code.LOGIN_INCOMPLETE,
    "It wasn't begun in this browser, was finished already, or took longer than ten minutes.",
)


@dataclass(frozen=True, slots=True)
class Login:
    """The pages with the use cases behind them."""

    shell: Shell
    cookies: Cookies
    logins: BrowserLogins
    issuers: Issuers
    log_in: LogIn
    first: FirstLogin
    audit: Audit
    clock: Clock

    def routes(self) -> list[Route]:
        return [
            Route("/web/login", self.choose),
            Route(CALLBACK, self.come_back),
            Route(first_login.PATH, self.begin, methods=["GET", "POST"]),
            Route(LOGGED_OUT, self.logged_out),
        ]

    def pages(self) -> Pages:
        return {"/web/logout": {"POST": self.log_out}}

    async def choose(self, request: Request) -> Response:
        """To the issuer at once if there is one alone, unless there is something to be told."""
        to, ended = (
            _page_of_ours(request.query_params.get("to", "")),
            "ended" in request.query_params,
        )
        offered = self.logins.offered()
        wanted = request.query_params.get("issuer", "")
        if not wanted and len(offered) == 1 and not ended:
            wanted = offered[0].url
        if not wanted:
            return self.shell.page("login.html", offered=offered, to=to, ended=ended)
        now = int(self.clock())
        login = LoginUnderWay(
            wanted,
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(48),
            now + LOGIN_SECONDS,
            to,
        )
        address = await self.logins.address(login.browser_login())
        if isinstance(address, Denial):
            return self._denied(address, request)
        response = self.shell.redirect(address)
        self.cookies.begin_login(request, response, login)
        return response

    async def come_back(self, request: Request) -> Response:
        """The issuer's answer (OpenID Connect Core 3.1.2.5)."""
        said = request.query_params
        login = self.cookies.login_under_way(request, said.get("state", ""))
        if login is None:
            return self._denied(_NOT_BEGUN, request)
        token = await self._token(request, login)
        if not isinstance(token, Denial):
            plan = await self.first.show(token, login)
            if plan is not None:
                return plan  # The login goes on with its form.
        return await self._end(token, request, login)

    async def begin(self, request: Request) -> Response:
        """The form of somebody's first login, who has read what it gives."""
        if request.method != "POST":
            return self.shell.redirect(HOME)
        form = await forms.read(request)
        login = self.cookies.login_under_way(request, form.get(first_login.STATE, ""))
        token = None if login is None else self.first.token_in(form, login)
        if login is None or token is None or forms.from_elsewhere(request, self.shell.origin):
            return self._denied(_NOT_BEGUN, request)
        return await self._end(token, request, login)

    async def _token(self, request: Request, login: LoginUnderWay) -> str | Denial:
        """The ID token for the issuer's answer."""
        said = request.query_params
        if said.get("iss", login.issuer) != login.issuer:  # RFC 9207
            return _NOT_BEGUN
        if "error" in said:
            return _answered(said["error"])
        token = await self.logins.redeem(login.browser_login(), said.get("code", ""))
        if isinstance(token, Denial):
            await self.audit.record(
                "login_refused", request=noted(request), code=token.code, issuer=login.issuer
            )
        return token

    async def _end(self, token: str | Denial, request: Request, login: LoginUnderWay) -> Response:
        """Log in, which ends the login under way, whatever comes of it."""
        if isinstance(token, Denial):
            response = self._denied(token, request)
        else:
            response = await self._log_in(token, login.to, request)
        self.cookies.end_login(response, login.state)
        return response

    async def _log_in(self, token: str, to: str, request: Request) -> Response:
        done = await self.log_in(token, noted(request))
        if not isinstance(done, Denial):
            return await self._begin(token, done, to, request)
        if done.code is Code.NO_ACCESS:
            nothing = await self.first.nothing(token, noted(request).id)
            return self._denied(nothing, request) if isinstance(nothing, Denial) else nothing
        return self._denied(done, request)

    async def _begin(self, token: str, done: LoggedIn, to: str, request: Request) -> Response:
        proven = await self.issuers.prove(token)
        if isinstance(proven, Denial):  # It ended this very moment.
            return self._denied(proven, request)
        visiting = Visiting(
            proven.person.identity.issuer,
            proven.person.identity.subject,
            done.account.name,
            proven.issued_at,
            proven.expires_at,
            int(self.clock()) + VISIT_SECONDS,
            secrets.token_urlsafe(18),
        )
        response = self.shell.redirect(to)
        self.cookies.begin_visit(response, visiting)
        return response

    async def log_out(self, asked: Asked) -> Response:
        """End the visit, and the session at the issuer where it offers that.

        By a page that leads on, as browsers hold a form's redirects to `form-action`.
        """
        back = self.shell.origin + LOGGED_OUT
        try:
            there = await self.logins.end_address(asked.visiting.issuer, back)
        except Outage:
            there = ""  # Ours ends in any case.
        response = (
            self.shell.page("leaving.html", headers={"Refresh": f"0; url={there}"}, there=there)
            if there
            else self.shell.redirect(LOGGED_OUT)
        )
        self.cookies.end_visit(response)
        return response

    async def logged_out(self, _: Request) -> Response:
        return self.shell.page("logged_out.html")

    def _denied(self, denial: Denial, request: Request) -> Response:
        return errors.denied(self.shell, denial, noted(request).id)


def _page_of_ours(path: str) -> str:
    return path if _HERE.fullmatch(path) and not path.startswith(("/web/login", CALLBACK)) else HOME


def _answered(error: str) -> Denial:
    """What an issuer said instead of a code (RFC 6749 section 4.1.2.1); not its description, which
    whoever sent the browser here may have written."""
    word = error if _WORD.fullmatch(error) else "something unreadable"
    return Denial(Code.LOGIN_REFUSED, f"The issuer answered {word} instead of logging you in.")
