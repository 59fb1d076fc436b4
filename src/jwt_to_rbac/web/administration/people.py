"""`/web/administration`: all people, a page at a time; searched and chosen from on the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.ports import Clock
from jwt_to_rbac.usecases.find_people import FindPeople, Found, Show, Wanted
from jwt_to_rbac.web.administration.gate import HOME
from jwt_to_rbac.web.administration.standing import standing
from jwt_to_rbac.web.page import Pages
from jwt_to_rbac.web.shell import Asked, Shell

PAGE = 50
"""People on one page."""

MOST_NAMED = 3
"""Groups and roles that a row names; how many more there are it says."""

_SHOWN = {
    Show.EVERYBODY: "Everybody",
    Show.NOT_READY: "Who isn't ready",
    Show.SUSPENDED: "Who is suspended",
    Show.DRIFT: "Who has drifted from the policy",
}


@dataclass(frozen=True, slots=True)
class AllPeople:
    """The page with the use case behind it."""

    shell: Shell
    find: FindPeople
    clock: Clock

    def pages(self) -> Pages:
        return {HOME: {"GET": self.show}}

    async def show(self, asked: Asked) -> Response | Denial:
        said = asked.request.query_params
        wanted = wanted_of(said)
        found = await self.find(asked.visitor, wanted, said.get("from", ""), PAGE, asked.noted)
        if isinstance(found, Denial):
            return found
        return self.shell.page(
            "admin_people.html",
            asked,
            found=found,
            wanted=wanted,
            choices=_SHOWN,
            standing=standing,
            most=MOST_NAMED,
            links=_links(wanted, found),
            revoked=said.get("revoked", ""),
            now=self.clock(),
        )


def wanted_of(said: Mapping[str, str]) -> Wanted:
    """Whom the address asks for; an unknown choice is everybody."""
    show = said.get("show", "")
    return Wanted(
        said.get("search", "").strip(),
        said.get("group", ""),
        said.get("role", ""),
        Show(show) if show in set(Show) else Show.EVERYBODY,
    )


def address(wanted: Wanted, begin: str = "") -> str:
    """Where the page is that `wanted_of` and `from` read back."""
    fields = {
        "search": wanted.text,
        "group": wanted.group,
        "role": wanted.role,
        "show": wanted.show.value,
        "from": begin,
    }
    query = urlencode({name: value for name, value in fields.items() if value})
    return f"{HOME}?{query}" if query else HOME


def _links(wanted: Wanted, found: Found) -> Mapping[str, str]:
    """To the pages beside this one, "" where there is none, and without one of the choices."""
    return {
        "previous": address(wanted, found.before) if found.position else "",
        "next": address(wanted, found.after) if found.after else "",
        "without_group": address(Wanted(wanted.text, "", wanted.role, wanted.show)),
        "without_role": address(Wanted(wanted.text, wanted.group, "", wanted.show)),
    }
