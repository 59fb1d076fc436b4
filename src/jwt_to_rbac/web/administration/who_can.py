"""`/web/administration/who-can`: who may do something by what they hold here, and by which rule."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from jwt_to_rbac.core.authorization import access_request
from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.usecases.who_can import Way, WhoCan
from jwt_to_rbac.web.administration.gate import HOME
from jwt_to_rbac.web.page import Pages
from jwt_to_rbac.web.shell import Asked, Shell

PATH = f"{HOME}/who-can"

PAGE = 100
"""Ways on one page: a person has as many as bindings that let them."""

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
"""What a browser offers to choose from; RBAC knows more, and any may be written."""

_FIELDS = ("verb", "resource", "group", "namespace", "name")


@dataclass(frozen=True, slots=True)
class WhoCanPage:
    """The page with the use case behind it."""

    shell: Shell
    who_can: WhoCan

    def pages(self) -> Pages:
        return {PATH: {"GET": self.show}}

    async def show(self, asked: Asked) -> Response | Denial:
        query = asked.request.query_params
        said = {field: query.get(field, "").strip() for field in _FIELDS}
        complete = bool(said["verb"] and said["resource"])
        begin = _number(query.get("begin", ""))
        ways: tuple[Way, ...] = ()
        if complete:
            resource = in_group(said["resource"], said["group"])
            question = access_request(said["verb"], resource, said["namespace"], said["name"])
            found = await self.who_can(asked.visitor, question, asked.noted)
            if isinstance(found, Denial):
                return found
            ways = found
        return self.shell.page(
            "admin_who_can.html",
            asked,
            said=said,
            verbs=VERBS,
            complete=complete,
            begun=any(said.values()),
            ways=ways[begin : begin + PAGE],
            total=len(ways),
            people=len({way.account.name for way in ways}),
            begin=begin,
            previous=_address(said, max(0, begin - PAGE)) if begin else "",
            next=_address(said, begin + PAGE) if begin + PAGE < len(ways) else "",
        )


def in_group(resource: str, group: str) -> str:
    """`deployments/scale` of the group `apps` as kubectl writes it; what has a group already keeps it."""
    whole, slash, subresource = resource.partition("/")
    if not group or not whole or "." in whole:
        return resource
    return f"{whole}.{group}{slash}{subresource}"


def _address(said: dict[str, str], begin: int) -> str:
    query = {name: value for name, value in said.items() if value}
    return f"{PATH}?{urlencode(query | ({'begin': str(begin)} if begin else {}))}"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
