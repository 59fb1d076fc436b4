"""The application: all paths behind the edge. Puts together what it is given; wiring makes the parts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from starlette.routing import BaseRoute
from starlette.types import Scope

from jwt_to_rbac.api.edge import Edge, Told
from jwt_to_rbac.api.openapi import OpenApi
from jwt_to_rbac.api.operation import Operation, Resources
from jwt_to_rbac.api.resource import router, routes


class Endpoints(Protocol):
    """Some paths with what they serve."""

    def resources(self) -> Resources: ...


def application(
    endpoints: Iterable[Endpoints],
    new_id: Callable[[], str],
    told: Told,
    source_of: Callable[[Scope], str],
    refused: Callable[[str], bool],
    pages: Iterable[BaseRoute] = (),
) -> Edge:
    """The ASGI application; `pages` are for browsers. See `Edge` for the other arguments."""
    resources: dict[str, Mapping[str, Operation]] = {}
    for some in endpoints:
        resources |= some.resources()
    return Edge(router([*routes(OpenApi(resources).all), *pages]), new_id, told, source_of, refused)
