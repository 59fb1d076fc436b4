"""Tokens that a Secret holds, as the first system gave them: for clients that fetch a token again.

A setting, as such a token has no end of its own, lies in etcd, and is there for whoever may read
Secrets: the session that holds it is ended on time instead.
"""

from collections.abc import Callable
from dataclasses import dataclass

from jwt_to_rbac.core.account import Account, Credential
from jwt_to_rbac.core.errors import Code, Conflict, Denial, Outage
from jwt_to_rbac.core.session import MOST_SESSIONS, Session, Wish
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.ports import Audit, Clock, Cluster, LifetimesInForce, Request
from jwt_to_rbac.usecases.callers import Caller
from jwt_to_rbac.usecases.issue_token import IssueToken, too_many
from jwt_to_rbac.usecases.log_in import ROUNDS, Facts


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """The use cases with all that they need. Who may have tokens is `issue_token`'s to say."""

    issue_token: IssueToken
    cluster: Cluster
    lifetimes: LifetimesInForce
    audit: Audit
    clock: Clock
    new_suffix: Callable[[], str]
    namespace: str

    async def read(self, caller: Caller, name: str, request: Request) -> list[Credential] | Denial:
        """The live stored tokens of the account `name`, the newest first."""
        asked = await self.issue_token.account(caller, name, request)
        if isinstance(asked, Denial):
            return asked
        account, facts = asked
        await self._recorded(facts, account, request)
        found = []
        for session in self._live(account):
            try:
                token = await self.cluster.stored_token(session)
            except Conflict:
                continue  # It ended this very moment.
            found.append(self._credential(session, token))
        return found

    async def create(
        self, caller: Caller, name: str, wish: Wish, request: Request
    ) -> Credential | Denial:
        """A new one; raises as `IssueToken` does."""
        seconds = self.lifetimes().bound(wish.seconds)
        for _ in range(ROUNDS):
            asked = await self.issue_token.account(caller, name, request)
            if isinstance(asked, Denial):
                return asked
            account, facts = asked
            live, now = len(self.cluster.sessions_of(account)), int(self.clock())
            if live >= MOST_SESSIONS:
                return too_many(live)
            suffix = self.new_suffix()
            draft = Session(
                f"{account.name}-token-{suffix}",
                account.name,
                wish.device,
                created=now,
                renewed=now,
                expires=now + seconds,
                stored=True,
            )
            await self._recorded(facts, account, request, draft, seconds)
            try:
                begun = await self.cluster.begin_session(account, draft)
                return self._credential(begun, await self.cluster.stored_token(begun))
            except Conflict:
                await self.cluster.refresh(account.name)
        raise Outage(Code.BUSY, "This account is being remade at this moment. Try again.")

    def _live(self, account: Account) -> list[Session]:
        now = self.clock()
        found = self.cluster.sessions_of(account)
        return [one for one in found if one.stored and now < one.ends_at()]

    def _credential(self, session: Session, token: str) -> Credential:
        return Credential(token, rfc3339(session.expires), session.account, self.namespace, session)

    async def _recorded(
        self,
        facts: Facts,
        account: Account,
        request: Request,
        session: Session | None = None,
        seconds: int | None = None,
    ) -> None:
        await self.audit.record(
            "stored_token" if session is not None else "stored_tokens_read",
            request=request,
            **facts,
            account=account.name,
            session=session.name if session is not None else None,
            seconds=seconds,
        )
