"""One path for people who are logged in: who it is and whether they still may come, the form's check, then the section."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.usecases.callers import Visitor
from jwt_to_rbac.usecases.visit import Visit
from jwt_to_rbac.web import forms
from jwt_to_rbac.web.cookies import Cookies, Visiting
from jwt_to_rbac.web.errors import denied
from jwt_to_rbac.web.shell import Asked, Shell, noted

Handler = Callable[[Asked], Awaitable[Response | Denial]]

Pages = Mapping[str, Mapping[str, Handler]]
"""Path templates, each with its methods (GET and POST)."""

_WRONG_METHOD = Denial(Code.METHOD_NOT_ALLOWED, "This address isn't used in that way.")


class Section(Protocol):
    """Some pages of the app."""

    def pages(self) -> Pages: ...


@dataclass(frozen=True, slots=True)
class Entrance:
    """What every page asks before anything else."""

    shell: Shell
    cookies: Cookies
    visit: Visit
    administers: Callable[[Visitor], Awaitable[bool]]

    async def answer(self, request: Request, handlers: Mapping[str, Handler]) -> Response:
        handler = handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            response = self._denied(_WRONG_METHOD, request)
            response.headers["Allow"] = ", ".join(handlers)
            return response
        visiting = self.cookies.visiting(request)
        if visiting is None:
            return self._not_logged_in(request)
        visitor = visitor_of(visiting)
        account = await self.visit(visitor, visiting.account)
        if isinstance(account, Denial):
            response = self._denied(account, request)
            if account.code is Code.TOKEN_REVOKED:
                self.cookies.end_visit(response)
            return response
        form: Mapping[str, str] = {}
        if request.method == "POST":
            form = await forms.read(request)
            refused = forms.check(request, form, visiting.form_key, self.shell.origin)
            if refused is not None:
                return self._denied(refused, request)
        asked = Asked(request, visiting, visitor, account, form, await self.administers(visitor))
        answer = await handler(asked)
        return self._denied(answer, request, asked) if isinstance(answer, Denial) else answer

    def _not_logged_in(self, request: Request) -> Response:
        if request.method != "GET":
            return self._denied(forms.FORM_REFUSED, request)
        back = {"to": request.url.path}
        if self.cookies.had_visit(request):
            back["ended"] = "1"
        return self.shell.redirect(f"/web/login?{urlencode(back)}")

    def _denied(self, denial: Denial, request: Request, asked: Asked | None = None) -> Response:
        return denied(self.shell, denial, noted(request).id, asked)


class Page:
    """The handlers of one path, as an ASGI application."""

    def __init__(self, entrance: Entrance, handlers: Mapping[str, Handler]) -> None:
        self._entrance = entrance
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._entrance.answer(Request(scope, receive), self._handlers)
        await response(scope, receive, send)


def visitor_of(visiting: Visiting) -> Visitor:
    identity = Identity(visiting.issuer, visiting.subject)
    return Visitor(identity, visiting.issued_at, visiting.token_ends)
