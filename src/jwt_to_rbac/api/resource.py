"""One path with its methods. A wrong method answers 405 with all that are allowed (RFC 9110, 15.5.6)."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from jwt_to_rbac.api.operation import Operation, Resources
from jwt_to_rbac.api.problems import problem
from jwt_to_rbac.api.reading import request_id
from jwt_to_rbac.core.errors import Code


class Resource:
    """The handlers of one path, as an ASGI application."""

    def __init__(self, methods: Mapping[str, Operation]) -> None:
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        operation = self._methods.get(request.method)
        if operation is None:
            response = _wrong_method(request, ", ".join(sorted(self._methods)))
        else:
            response = await operation.handler(request)
        await response(scope, receive, send)


def routes(resources: Resources) -> list[BaseRoute]:
    """Paths with and without a trailing slash: a redirect would lose the body of a POST."""
    return [
        Route(path + slash, Resource(methods))
        for path, methods in resources.items()
        for slash in ("", "/")
    ]


def router(routes: list[BaseRoute]) -> ASGIApp:
    """The routes; any other path is a problem document too."""
    return Router(routes, redirect_slashes=False, default=_no_such_path)


async def _no_such_path(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    answer = problem(Code.NOT_FOUND, "There is nothing at this path.", request_id(request))
    await answer(scope, receive, send)


def _wrong_method(request: Request, allowed: str) -> Response:
    detail = f"{request.method} is not for this path; it takes {allowed}."
    return problem(Code.METHOD_NOT_ALLOWED, detail, request_id(request), {"Allow": allowed})
