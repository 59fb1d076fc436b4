"""The application: all paths behind the edge. Puts together what it is given; wiring makes the parts."""

from collections.abc import Callable

from starlette.types import ASGIApp

from jwt_to_rbac.api.edge import Edge, Told
from jwt_to_rbac.api.explain import ExplainApi
from jwt_to_rbac.api.first_system import FirstSystem
from jwt_to_rbac.api.health import Health
from jwt_to_rbac.api.metrics import MetricsPage
from jwt_to_rbac.api.openapi import OpenApi
from jwt_to_rbac.api.operation import Resources
from jwt_to_rbac.api.resource import router, routes


def application(
    first_system: FirstSystem,
    explain: ExplainApi,
    health: Health,
    metrics: MetricsPage,
    new_id: Callable[[], str],
    told: Told,
) -> ASGIApp:
    """The ASGI application. `new_id` makes request ids."""
    resources: Resources = {
        **first_system.resources(),
        **explain.resources(),
        **health.resources(),
        **metrics.resources(),
    }
    return Edge(router(routes(OpenApi(resources).all)), new_id, told)
