"""One person's sessions: see them, end one, end all. Beginning and renewing is `issue_token`'s."""

from dataclasses import dataclass

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.session import Session
from jwt_to_rbac.ports import Audit, Clock, Cluster, Request
from jwt_to_rbac.usecases.callers import FORBIDDEN, Caller, Callers, describe
from jwt_to_rbac.usecases.reconcile import together

NO_SUCH_SESSION = Denial(Code.NOT_FOUND, "There is no such session: nothing to end.")
NO_SUCH_PERSON = Denial(Code.NOT_FOUND, "There is no such account. The person logs in first.")


@dataclass(frozen=True, slots=True)
class Sessions:
    """The use cases with all that they need."""

    callers: Callers
    cluster: Cluster
    audit: Audit
    clock: Clock

    async def list(
        self, caller: Caller, name: str, request: Request
    ) -> tuple[Session, ...] | Denial:
        """The live sessions of the account `name`, the newest first: for its owner, and for
        whoever may `get` the AccessGrant."""
        account = self.cluster.account_named(name)
        asked = "get accessgrants"
        if not self.callers.owns(caller, account) and not await self.callers.may(
            caller, "get", name
        ):
            return await self.callers.refused(FORBIDDEN, caller, asked, name, request)
        if account is None:
            return await self.callers.refused(NO_SUCH_PERSON, caller, asked, name, request)
        return self._live(account)

    async def end(
        self, caller: Caller, name: str, session: str | None, request: Request
    ) -> Denial | None:
        """End one session of the account `name`, or with None all; None when it is done.

        Its owner may, and whoever Kubernetes allows to `delete` `accessgrants/tokens`.
        """
        account = self.cluster.account_named(name)
        asked = "delete accessgrants/tokens"
        if not self.callers.owns(caller, account) and not await self.callers.may(
            caller, "delete", name, "tokens"
        ):
            return await self.callers.refused(FORBIDDEN, caller, asked, name, request)
        if account is None:
            return await self.callers.refused(NO_SUCH_PERSON, caller, asked, name, request)
        meant = [one for one in self._live(account) if session in (None, one.name)]
        if session is not None and not meant:
            return await self.callers.refused(NO_SUCH_SESSION, caller, asked, name, request)
        for one in meant:
            await self.audit.record(
                "session_ended",
                request=request,
                caller=describe(caller),
                account=name,
                session=one.name,
            )
        await together(self.cluster.end_session(one) for one in meant)
        return None

    async def expire(self, session: Session) -> None:
        """End a session whose time has come: nobody asked, so nobody need be let."""
        await self.audit.record("session_expired", account=session.account, session=session.name)
        await self.cluster.end_session(session)

    def _live(self, account: Account) -> tuple[Session, ...]:
        now = self.clock()
        return tuple(one for one in self.cluster.sessions_of(account) if now < one.ends_at())
