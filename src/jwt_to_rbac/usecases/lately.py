"""What happened lately to a person, as Kubernetes' Events tell: an hour of it, as a rule."""

from dataclasses import dataclass, replace

from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.news import Happened
from jwt_to_rbac.ports import Cluster, NewsTold, Request
from jwt_to_rbac.usecases.callers import FORBIDDEN, Caller, Callers

_BY = " by "


@dataclass(frozen=True, slots=True)
class Lately:
    """The use case with all that it needs."""

    callers: Callers
    cluster: Cluster
    told: NewsTold

    async def __call__(
        self, caller: Caller, name: str, request: Request
    ) -> tuple[Happened, ...] | Denial:
        """The newest first; needs `get` on the AccessGrant. Raises JwtToRbacError."""
        if not await self.callers.may(caller, "get", name):
            asked = "get accessgrants"
            return await self.callers.refused(FORBIDDEN, caller, asked, name, request)
        return tuple(map(self._with_names, await self.told.of(name)))

    def _with_names(self, one: Happened) -> Happened:
        """Whoever did it by username and account, where the note ends in their identity."""
        text, _, who = one.note.rpartition(_BY)
        issuer, _, subject = who.removesuffix(".").partition("#")
        account = self.cluster.account_of(Identity(issuer, subject)) if subject else None
        if account is None:
            return one
        person = account.record.person.username
        return replace(one, note=f"{text}{_BY}{person} ({account.name}).")
