"""`/web`: who the cluster thinks one is, and what one may do."""

from dataclasses import dataclass

from starlette.responses import Response

from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.ports import Clock
from jwt_to_rbac.usecases.own_access import OwnAccess
from jwt_to_rbac.web.page import Pages
from jwt_to_rbac.web.shell import Asked, Shell


@dataclass(frozen=True, slots=True)
class MyAccess:
    """The page with the use case behind it; `namespace` holds the accounts."""

    shell: Shell
    own_access: OwnAccess
    namespace: str
    clock: Clock

    def pages(self) -> Pages:
        return {"/web": {"GET": self.show}}

    async def show(self, asked: Asked) -> Response | Denial:
        found = await self.own_access(asked.visitor, asked.account.name, asked.noted)
        if isinstance(found, Denial):
            return found
        record = asked.account.record
        return self.shell.page(
            "my_access.html",
            asked,
            person=record.person,
            kubernetes_user=f"system:serviceaccount:{self.namespace}:{asked.account.name}",
            access=found,
            foreign=asked.account.foreign,
            ends=record.expires_at,
            last_login=asked.account.last_login,
            troubles=[
                one
                for one in asked.account.conditions
                if one.type == "Ready" and one.status != "True"
            ],
            now=self.clock(),
        )
