"""A short-lived ServiceAccount token for a person who is already known, or whose ID token is shown.

Each token is bound to a session, which lists it to its owner and can be ended alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from jwt_to_rbac.core.account import Account, Credential
from jwt_to_rbac.core.errors import Code, Conflict, Denial, Outage
from jwt_to_rbac.core.record import refusal
from jwt_to_rbac.core.session import MOST_SESSIONS, Session, Wish
from jwt_to_rbac.ports import Audit, Clock, Cluster, LifetimesInForce, Request
from jwt_to_rbac.usecases.callers import (
    FORBIDDEN,
    Caller,
    Callers,
    Owner,
    Visitor,
    describe,
)
from jwt_to_rbac.usecases.lapse import LAPSED, has_lapsed
from jwt_to_rbac.usecases.log_in import ROUNDS, Facts, LogIn
from jwt_to_rbac.usecases.reconcile import together

NO_SUCH_ACCOUNT = Denial(Code.NOT_FOUND, "There is no such account. The person logs in first.")
SESSION_ENDED = Denial(
    Code.SESSION_ENDED,
    "There is no such session any more. Leave `session` out to begin a new one.",
)

LOGIN_TOO_OLD = Denial(
    Code.TOKEN_EXPIRED,
    "You logged in too long ago to be given a new token. Log in again; that keeps all you have.",
)

ASKED = "create accessgrants/tokens"
"""What a caller asks for, in the words of Kubernetes' RBAC."""


@dataclass(frozen=True, slots=True)
class IssueToken:
    """The use case with all that it needs. `new_suffix` makes names of sessions unique."""

    callers: Callers
    log_in: LogIn
    cluster: Cluster
    lifetimes: LifetimesInForce
    audit: Audit
    clock: Clock
    new_suffix: Callable[[], str]

    async def __call__(
        self, caller: Caller, name: str, wish: Wish, request: Request
    ) -> Credential | Denial:
        """A token for the account `name`, in a new session or in the one that `wish` names.

        An owner's ID token is a login too, so that access follows the newest token; anybody
        else needs `create` on `accessgrants/tokens`. Raises as `LogIn` does, and
        InvalidInput for a lifetime of nothing or less.
        """
        seconds = self.lifetimes().bound(wish.seconds)
        for _ in range(ROUNDS):
            found = await self.account(caller, name, request)
            if isinstance(found, Denial):
                return found
            account, facts = found
            session = self._session(account, wish)
            if isinstance(session, Denial):
                return await self.callers.refused(session, caller, ASKED, name, request)
            await self.recorded(session, facts, seconds, request)
            try:
                return await self._token(account, session, seconds)
            except Conflict:
                await self.cluster.refresh(account.name)
        raise Outage(Code.BUSY, "This account is being remade at this moment. Try again.")

    def ended(self, owner: Owner, session: str) -> Denial | None:
        """A denial if this session of the owner's is over. To be asked before a login that
        renews it: that would give back what a revocation took together with the session."""
        account = self.cluster.account_of(owner.identity)
        live = () if account is None else self.cluster.sessions_of(account)
        now = self.clock()
        over = not any(one.name == session and now < one.ends_at() for one in live)
        return SESSION_ENDED if over else None

    async def account(
        self, caller: Caller, name: str, request: Request
    ) -> tuple[Account, Facts] | Denial:
        """The account that `caller` may have tokens of, and who asks, as the audit record of what
        follows has to say it: an owner logs in by this, without a record of its own."""
        owned = self.callers.owns(caller, self.cluster.account_named(name))
        if owned and isinstance(caller, Owner):
            logged_in = await self.log_in.of(caller.proven, request, for_a_token=True)
            if isinstance(logged_in, Denial):
                return logged_in
            return logged_in.account, logged_in.facts
        found = (
            self._for_visitor(caller, name)
            if owned and isinstance(caller, Visitor)
            else await self._for_others(caller, name)
        )
        if isinstance(found, Denial):
            return await self.callers.refused(found, caller, ASKED, name, request)
        return found, {"caller": describe(caller)}

    async def _for_others(self, caller: Caller, name: str) -> Account | Denial:
        if not await self.callers.may(caller, "create", name, "tokens"):
            return FORBIDDEN
        return self._standing(name)

    def _for_visitor(self, visitor: Visitor, name: str) -> Account | Denial:
        """A browser's session may do what its ID token could, for as long as that is good: else
        access would outlive what the issuer says of its person."""
        if self.clock() >= visitor.token_ends:
            return LOGIN_TOO_OLD
        return self._standing(name)

    def _standing(self, name: str) -> Account | Denial:
        account = self.cluster.account_named(name)
        if account is None or not account.service_account_uid:
            return NO_SUCH_ACCOUNT
        now = self.clock()
        if has_lapsed(account, self.cluster, self.lifetimes, now):
            return LAPSED
        revoked = self.cluster.revoked_before(account.record.person.identity)
        return refusal(account.record, now, revoked) or account

    def _session(self, account: Account, wish: Wish) -> Session | Denial:
        """The session to renew, or a new one that isn't made yet (without a uid)."""
        now = self.clock()
        live = [one for one in self.cluster.sessions_of(account) if now < one.ends_at()]
        for one in live:
            if one.stored:
                continue
            if one.name == wish.session or (wish.shared and one.device == wish.device):
                return one
        if wish.session:
            return SESSION_ENDED
        if len(live) >= MOST_SESSIONS:
            return too_many(len(live))
        return self.begun(account, wish)

    def begun(self, account: Account, wish: Wish) -> Session:
        now, name = int(self.clock()), f"{account.name}-token-{self.new_suffix()}"
        return Session(name, account.name, wish.device, now, now, now)

    async def recorded(
        self, session: Session, facts: Facts, seconds: int, request: Request
    ) -> None:
        await self.audit.record(
            "token",
            request=request,
            **facts,
            account=session.account,
            session=session.name,
            seconds=seconds,
        )

    async def _token(self, account: Account, session: Session, seconds: int) -> Credential:
        now = self.clock()
        begun = renewed(session, now, seconds)
        if not session.uid:
            made = await self.cluster.begin_session(account, begun)
            return await self.cluster.issue_token(account, made, seconds)
        issuing = self.cluster.issue_token(account, begun, seconds)
        if not session.must_record(now, seconds):
            return await issuing
        # If one of the two fails the token isn't handed out; a session that was not written
        # down ends too early rather than too late.
        credential, _ = await together([issuing, self.cluster.record_renewal(begun)])
        return cast(Credential, credential)


def renewed(session: Session, now: float, seconds: int) -> Session:
    return replace(session, renewed=int(now), expires=int(now) + seconds)


def too_many(live: int) -> Denial:
    return Denial(
        Code.TOO_MANY_SESSIONS,
        f"There are {live} live sessions already. End some of them, or name the session to renew.",
    )
