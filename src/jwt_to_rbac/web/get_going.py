"""`/web/get-going`: a kubeconfig to take home, and how to use it."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from jwt_to_rbac.core.account import Credential
from jwt_to_rbac.core.errors import Code, Denial, InvalidInput
from jwt_to_rbac.core.lifetime import TokenLifetimes
from jwt_to_rbac.core.session import Wish
from jwt_to_rbac.ports import BrowserLogins, Clock, LifetimesInForce
from jwt_to_rbac.usecases.issue_token import IssueToken
from jwt_to_rbac.web.guard import guarded
from jwt_to_rbac.web.kubeconfigs import ClusterToUse, file_name, with_plugin, with_token
from jwt_to_rbac.web.page import Pages
from jwt_to_rbac.web.shell import Asked, Shell

PATH = "/web/get-going"

_USUAL = (3600, 4 * 3600, 8 * 3600, 12 * 3600, 86400, 7 * 86400)
"""Lifetimes to choose from, in seconds, as far as they are within the bound."""


@dataclass(frozen=True, slots=True)
class GetGoing:
    """The pages with the use cases behind them; `cluster` tells how people reach it now."""

    shell: Shell
    cluster: Callable[[], ClusterToUse]
    logins: BrowserLogins
    issue_token: IssueToken
    lifetimes: LifetimesInForce
    clock: Clock

    def pages(self) -> Pages:
        return {
            PATH: {"GET": self.show},
            f"{PATH}/kubeconfig": {"GET": self.download},
            f"{PATH}/token": {"POST": self.give},
        }

    async def show(self, asked: Asked) -> Response:
        cluster, arguments = self.cluster(), self._arguments(asked)
        lifetimes = self.lifetimes()
        return self.shell.page(
            "get_going.html",
            asked,
            file=file_name(cluster),
            context=f"{asked.account.name}@{cluster.name}",
            kubeconfig=with_plugin(cluster, asked.account.name, arguments),
            login_command=shlex.join(["jwt-to-rbac", "login", *arguments]),
            lifetimes=lifetimes_to_choose(lifetimes),
            usual=lifetimes.bound(None),
            longest=lifetimes.bound(lifetimes.maximum),
            logged_in_lately=self.clock() < asked.visitor.token_ends,
            again=f"/web/login?to={quote(PATH)}",
        )

    async def download(self, asked: Asked) -> Response:
        cluster = self.cluster()
        text = with_plugin(cluster, asked.account.name, self._arguments(asked))
        return self._file(text, file_name(cluster))

    async def give(self, asked: Asked) -> Response | Denial:
        """A token in a kubeconfig: it is shown, or downloaded, this once."""
        wish = Wish(_seconds(asked.form.get("lifetime", "")), device=asked.form.get("device", ""))
        issued = await self.issue_token(asked.visitor, asked.account.name, wish, asked.noted)
        if isinstance(issued, Denial):
            return issued
        cluster = self.cluster()
        text = with_token(cluster, issued.service_account, issued.token)
        if asked.form.get("as") == "file":
            return self._file(text, file_name(cluster))
        return self._shown(asked, issued, text, cluster)

    def _shown(
        self, asked: Asked, issued: Credential, text: str, cluster: ClusterToUse
    ) -> Response:
        now = self.clock()
        return self.shell.page(
            "token.html",
            asked,
            file=file_name(cluster),
            context=f"{asked.account.name}@{cluster.name}",
            kubeconfig=text,
            session=issued.session,
            ends=issued.session.expires,
            left=max(0, int(issued.session.expires - now)),
            now=now,
        )

    def _file(self, text: str, name: str) -> Response:
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        response = Response(text, headers=disposition, media_type="application/yaml")
        return guarded(response, self.shell.secure)

    def _arguments(self, asked: Asked) -> list[str]:
        """What `jwt-to-rbac credential` and `login` need to know to log in as one did here."""
        offered = self.logins.offered()
        found = [f"--server={self.shell.origin}"]
        if len(offered) > 1:
            issuer = asked.visitor.identity.issuer
            found += [f"--issuer={one.name}" for one in offered if one.url == issuer]
        if not self.shell.secure:
            found.append("--insecure-http")
        return found


def lifetimes_to_choose(lifetimes: TokenLifetimes) -> Sequence[int]:
    """Seconds, ascending: usual ones within the bound, what is given unasked, and the longest."""
    most = lifetimes.bound(lifetimes.maximum)
    return sorted({*(one for one in _USUAL if one < most), lifetimes.bound(None), most})


def _seconds(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidInput(Code.DURATION_INVALID, "lifetime: choose one of those in the list.")
    return int(text)
