"""`/api/v1/who-can`: who may do something, and by which rule."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api import answers
from jwt_to_rbac.api.operation import Answer, Operation, Resources
from jwt_to_rbac.api.problems import denied
from jwt_to_rbac.api.reading import bearer, noted, request_id
from jwt_to_rbac.core.authorization import AccessRequest, access_request
from jwt_to_rbac.core.errors import Code, Denial, InvalidInput
from jwt_to_rbac.usecases.callers import Callers
from jwt_to_rbac.usecases.who_can import Way, WhoCan

Needed = Annotated[str, msgspec.Meta(min_length=1)]


class WhoCanQuery(msgspec.Struct):
    """What is asked about, as in `kubectl auth can-i`.

    `resource` is such as `pods`, `pods/log`, `deployments.apps`, `deployments.apps/scale`, or a path
    such as `/metrics`. Without a `namespace` it is asked of the whole cluster.
    """

    verb: Needed
    resource: Needed
    namespace: str = ""
    name: str = ""


class WayShown(msgspec.Struct, rename="camel"):
    """A person, and a binding that lets them. `scope` is a namespace, or `cluster`."""

    name: str
    username: str
    cluster_role: str
    scope: str
    rule: str


class WaysShown(msgspec.Struct):
    """What stands in the way of a bare list: room for more keys."""

    items: tuple[WayShown, ...]


@dataclass(frozen=True, slots=True)
class WhoCanApi:
    """The endpoint with the use case behind it."""

    callers: Callers
    who_can: WhoCan

    def resources(self) -> Resources:
        get = Operation(
            self.get,
            "Who may do something by what they hold, and by which rule",
            (Answer(HTTPStatus.OK, "People, with each binding that lets them", WaysShown),),
            query=WhoCanQuery,
            codes=frozenset({Code.BODY_MALFORMED}),
        )
        return {"/api/v1/who-can": {"GET": get}}

    async def get(self, request: Request) -> Response:
        asked = _asked(request.query_params)
        caller = await self.callers.identify(bearer(request), noted(request))
        found = (
            caller
            if isinstance(caller, Denial)
            else await self.who_can(caller, asked, noted(request))
        )
        if isinstance(found, Denial):
            return denied(found, request_id(request))
        return answers.answer(WaysShown(tuple(map(_shown, found))))


def _asked(query: QueryParams) -> AccessRequest:
    verb, resource = query.get("verb", ""), query.get("resource", "")
    for name, value in (("verb", verb), ("resource", resource)):
        if not value:
            raise InvalidInput(
                Code.BODY_MALFORMED, f"{name}: say what is asked about, such as get, pods."
            )
    return access_request(verb, resource, query.get("namespace", ""), query.get("name", ""))


def _shown(way: Way) -> WayShown:
    return WayShown(
        way.account.name,
        way.account.record.person.username,
        way.grant.cluster_role,
        way.grant.namespace or "cluster",
        way.rule,
    )
