"""What stands before every page of the administration: whether Kubernetes lets its visitor list AccessGrants."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from jwt_to_rbac.core.errors import Denial, JwtToRbacError
from jwt_to_rbac.usecases.callers import FORBIDDEN, Callers, Visitor
from jwt_to_rbac.web.page import Handler, Pages, Section
from jwt_to_rbac.web.shell import Asked

HOME = "/web/administration"


@dataclass(frozen=True, slots=True)
class Administration:
    """All of its pages. What else one of them does needs rights of its own: the use cases ask."""

    callers: Callers
    sections: Sequence[Section]

    def pages(self) -> Pages:
        return {
            path: {method: self._behind(handler) for method, handler in of.items()}
            for section in self.sections
            for path, of in section.pages().items()
        }

    async def shown_to(self, visitor: Visitor) -> bool:
        """Whether the menu has it. Who can't be asked about sees the other pages all the same."""
        try:
            return await self.callers.may(visitor, "list")
        except JwtToRbacError:
            return False

    def _behind(self, handler: Handler) -> Handler:
        async def answer(asked: Asked) -> Response | Denial:
            if not await self.callers.may(asked.visitor, "list"):
                return await self.callers.refused(
                    FORBIDDEN, asked.visitor, "list accessgrants", "", asked.noted
                )
            return await handler(asked)

        return answer
