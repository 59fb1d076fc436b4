"""`/web/sessions`: where kubectl is logged in as oneself, and ending that."""

from dataclasses import dataclass

from starlette.responses import Response

from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.ports import Clock
from jwt_to_rbac.usecases.sessions import Sessions
from jwt_to_rbac.web.page import Pages
from jwt_to_rbac.web.shell import Asked, Shell

PATH = "/web/sessions"


@dataclass(frozen=True, slots=True)
class MySessions:
    """The pages with the use cases behind them."""

    shell: Shell
    sessions: Sessions
    clock: Clock

    def pages(self) -> Pages:
        return {PATH: {"GET": self.show}, f"{PATH}/end": {"POST": self.end}}

    async def show(self, asked: Asked) -> Response | Denial:
        found = await self.sessions.list(asked.visitor, asked.account.name, asked.noted)
        if isinstance(found, Denial):
            return found
        done = asked.request.query_params.get("ended", "")
        return self.shell.page("sessions.html", asked, sessions=found, now=self.clock(), done=done)

    async def end(self, asked: Asked) -> Response | Denial:
        """End the session that the form names; one, or with `all` all of them."""
        every = asked.form.get("all") == "yes"
        name = None if every else asked.form.get("session", "")
        refused = await self.sessions.end(asked.visitor, asked.account.name, name, asked.noted)
        return refused or self.shell.redirect(f"{PATH}?ended={'all' if every else 'one'}")
