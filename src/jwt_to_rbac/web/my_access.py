"""`/web`: who the cluster thinks one is, and what one may do."""

from starlette.responses import Response

from jwt_to_rbac.web.page import Pages
from jwt_to_rbac.web.shell import Asked, Shell


class MyAccess:
    """The page."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def pages(self) -> Pages:
        return {"/web": {"GET": self.show}}

    async def show(self, asked: Asked) -> Response:
        return self._shell.page("home.html", asked)
