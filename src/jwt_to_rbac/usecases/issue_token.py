"""A short-lived ServiceAccount token for a person who is already known, or whose ID token is shown."""

from dataclasses import dataclass

from jwt_to_rbac.core.account import Account, Credential
from jwt_to_rbac.core.errors import Code, Conflict, Denial, Outage
from jwt_to_rbac.core.record import refusal
from jwt_to_rbac.ports import Audit, Clock, Cluster, LifetimesInForce, Request
from jwt_to_rbac.usecases.callers import FORBIDDEN, Caller, Callers, Owner, describe
from jwt_to_rbac.usecases.log_in import ROUNDS, LogIn

NO_SUCH_ACCOUNT = Denial(Code.NOT_FOUND, "There is no such account. The person logs in first.")


@dataclass(frozen=True, slots=True)
class IssueToken:
    """The use case with all that it needs."""

    callers: Callers
    log_in: LogIn
    cluster: Cluster
    lifetimes: LifetimesInForce
    audit: Audit
    clock: Clock

    async def __call__(
        self, caller: Caller, name: str, asked: float | None, request: Request
    ) -> Credential | Denial:
        """A token for the account `name`, for `asked` seconds within the bounds.

        An owner's ID token is a login too, so that access follows the newest token; anybody
        else needs `create` on `accessgrants/tokens`. Raises as `LogIn` does, and
        InvalidInput for a lifetime of nothing or less.
        """
        seconds = self.lifetimes().bound(asked)
        for _ in range(ROUNDS):
            account = await self._account(caller, name, request)
            if isinstance(account, Denial):
                return account
            await self.audit.record(
                "token",
                request=request,
                caller=describe(caller),
                account=account.name,
                seconds=seconds,
            )
            try:
                return await self.cluster.issue_token(account, seconds)
            except Conflict:
                await self.cluster.refresh(account.name)
        raise Outage(Code.BUSY, "This account is being remade at this moment. Try again.")

    async def _account(self, caller: Caller, name: str, request: Request) -> Account | Denial:
        if self.callers.owns(caller, self.cluster.account_named(name)) and isinstance(
            caller, Owner
        ):
            logged_in = await self.log_in(caller.token, request)
            return logged_in if isinstance(logged_in, Denial) else logged_in.account
        found = await self._for_others(caller, name)
        if isinstance(found, Denial):
            asked = "create accessgrants/tokens"
            return await self.callers.refused(found, caller, asked, name, request)
        return found

    async def _for_others(self, caller: Caller, name: str) -> Account | Denial:
        if not await self.callers.may(caller, "create", name, "tokens"):
            return FORBIDDEN
        account = self.cluster.account_named(name)
        if account is None or not account.service_account_uid:
            return NO_SUCH_ACCOUNT
        return refusal(account.record, self.clock()) or account
