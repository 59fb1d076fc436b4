"""`/web/administration/group`: take everything from everybody in a group, after a look at whom it hits."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from jwt_to_rbac.core.errors import Code, Denial, InvalidInput
from jwt_to_rbac.usecases.callers import Callers
from jwt_to_rbac.usecases.find_people import FindPeople, Found, Wanted
from jwt_to_rbac.usecases.revoke import AT_A_TIME, Revoke
from jwt_to_rbac.web.administration.gate import HOME
from jwt_to_rbac.web.administration.people import PAGE, address
from jwt_to_rbac.web.page import Pages
from jwt_to_rbac.web.shell import Asked, Shell

PATH = f"{HOME}/group"


@dataclass(frozen=True, slots=True)
class WholeGroup:
    """The pages with the use cases behind them."""

    shell: Shell
    callers: Callers
    find: FindPeople
    revoke: Revoke

    def pages(self) -> Pages:
        return {PATH: {"GET": self.show, "POST": self.revoke_all}}

    async def show(self, asked: Asked) -> Response | Denial:
        said = asked.request.query_params
        group = said.get("group", "")
        found: Found | Denial | None = None
        if group:
            found = await self.find(
                asked.visitor, Wanted(group=group), said.get("from", ""), PAGE, asked.noted
            )
        if isinstance(found, Denial):
            return found
        return self.shell.page(
            "admin_group.html",
            asked,
            group=group,
            found=found,
            may=await self.callers.may(asked.visitor, "delete"),
            oneself=group in asked.account.record.person.groups,
            everybody=address(Wanted(group=group)),
            at_a_time=AT_A_TIME,
            done=_number(said.get("revoked", "")),
        )

    async def revoke_all(self, asked: Asked) -> Response | Denial:
        group = asked.form.get("group", "")
        if not group:
            raise InvalidInput(
                Code.BODY_MALFORMED, "group: name the group whose people lose their access."
            )
        done = await self.revoke.everybody_in(asked.visitor, group, asked.noted)
        if isinstance(done, Denial):
            return done
        query = urlencode({"group": group, "revoked": len(done.names)})
        return self.shell.redirect(f"{PATH}?{query}")


def _number(text: str) -> int | None:
    """None where nothing was done."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None
