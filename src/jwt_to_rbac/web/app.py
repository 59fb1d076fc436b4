"""The app: all of its paths, put together from what it is given; wiring makes the parts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.web.errors import denied, failed
from jwt_to_rbac.web.login import HOME, Login
from jwt_to_rbac.web.page import Entrance, Handler, Page, Section
from jwt_to_rbac.web.shell import Shell, noted
from jwt_to_rbac.web.style import Static

_NO_SUCH_PAGE = Denial(Code.NOT_FOUND, "There is no page at this address.")


class _Told:
    """Has whatever goes wrong behind it told in a page instead of a problem document."""

    def __init__(self, app: ASGIApp, shell: Shell) -> None:
        self._app = app
        self._failed = partial(failed, shell)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["failed"] = self._failed
        await self._app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class WebApp:
    """All pages. Each `Section` brings its own, which only those who are logged in reach."""

    shell: Shell
    static: Static
    entrance: Entrance
    login: Login
    sections: Iterable[Section]

    def routes(self) -> list[BaseRoute]:
        handlers: dict[str, Mapping[str, Handler]] = dict(self.login.pages())
        for section in self.sections:
            handlers |= section.pages()
        found: list[Route] = [
            Route("/", self._home),
            Route("/web/", self._home),
            *self.static.routes(),
            *self.login.routes(),
            *(Route(path, Page(self.entrance, of)) for path, of in handlers.items()),
            Route("/web/{rest:path}", self._no_such_page),
        ]
        for route in found:
            route.app = _Told(route.app, self.shell)
        return list[BaseRoute](found)

    async def _home(self, _: Request) -> Response:
        return self.shell.redirect(HOME)

    async def _no_such_page(self, request: Request) -> Response:
        return denied(self.shell, _NO_SUCH_PAGE, noted(request).id)
