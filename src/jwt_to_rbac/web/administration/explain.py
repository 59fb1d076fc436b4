"""`/web/administration/explain`: what the policy would give to claims that an administrator writes, and why."""

from dataclasses import dataclass

from starlette.responses import Response

from jwt_to_rbac.core.identity import Identity, Person, person_by_hand
from jwt_to_rbac.ports import BrowserLogins
from jwt_to_rbac.usecases.explain import Explain
from jwt_to_rbac.web.administration.gate import HOME
from jwt_to_rbac.web.page import Pages
from jwt_to_rbac.web.shell import Asked, Shell

PATH = f"{HOME}/explain"

_FIELDS = ("issuer", "subject", "username", "email", "groups", "connector", "user_id")


@dataclass(frozen=True, slots=True)
class ExplainPage:
    """The page with the use case behind it. Claims are sent as a form: they speak of a person,
    whose name should be in no browser's history, and are long."""

    shell: Shell
    explain: Explain
    logins: BrowserLogins

    def pages(self) -> Pages:
        return {PATH: {"GET": self.show, "POST": self.show}}

    async def show(self, asked: Asked) -> Response:
        said = {field: asked.form.get(field, "") for field in _FIELDS}
        found = self.explain.person(_person(said)) if asked.request.method == "POST" else None
        issuers = self.logins.offered()
        return self.shell.page("admin_explain.html", asked, said=said, issuers=issuers, found=found)


def _person(said: dict[str, str]) -> Person:
    plain = {field: text.strip() for field, text in said.items()}
    groups = (line.strip() for line in said["groups"].splitlines())
    return person_by_hand(
        Identity(plain["issuer"], plain["subject"]),
        plain["username"],
        plain["email"],
        (group for group in groups if group),
        plain["connector"],
        plain["user_id"],
    )
