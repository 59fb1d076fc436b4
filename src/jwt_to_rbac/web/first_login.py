"""What somebody sees before anything is made for them: the plan, and a button that has it made.

The ID token waits in the page's form, sealed: no replica remembers it, and a cookie would be too
small for it. It is good for the login under way alone, whose cookie only the same browser has, so
that nobody can be logged in as somebody else by a form from elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.ports import Cluster
from jwt_to_rbac.usecases.access_seen import see
from jwt_to_rbac.usecases.explain import Explain
from jwt_to_rbac.web import forms
from jwt_to_rbac.web.cookies import LoginUnderWay
from jwt_to_rbac.web.seal import Seal
from jwt_to_rbac.web.shell import Shell

PATH = "/web/begin"

STATE, _TOKEN = "state", "token"
_PURPOSE = "first login "


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """The page, and what its form brings back."""

    shell: Shell
    seal: Seal
    explain: Explain
    cluster: Cluster

    async def show(self, token: str, login: LoginUnderWay) -> Response | None:
        """The plan for somebody who has no account yet; None for others, and who would be refused."""
        found = await self.explain.token(token)
        if isinstance(found, Denial) or found.exists or found.refused is not None:
            return None
        sealed = self.seal.seal(token.encode(), _PURPOSE + login.state)
        return self.shell.page(
            "plan.html",
            action=PATH,
            fields={STATE: login.state, _TOKEN: sealed},
            person=found.person,
            account=found.account,
            access=see(found.access, found.person.groups, self.cluster),
        )

    def token_in(self, form: Mapping[str, str], login: LoginUnderWay) -> str | None:
        """The ID token that `show` put into the form of this very login."""
        opened = self.seal.open(form.get(_TOKEN, ""), _PURPOSE + login.state, forms.LARGEST)
        return None if opened is None else opened.decode()

    async def nothing(self, token: str, request: str) -> Response | Denial:
        """For somebody whom no rule gives anything: who they are, and which groups were seen."""
        found = await self.explain.token(token)
        if isinstance(found, Denial):
            return found
        return self.shell.page(
            "no_access.html",
            None,
            HTTPStatus.FORBIDDEN,
            person=found.person,
            access=see(found.access, found.person.groups, self.cluster),
            code=Code.NO_ACCESS.value,
            request_id=request,
        )
