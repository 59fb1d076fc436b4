"""Settles one account: what its record's plan says is made true once more, then told in the status.

A leader does it whenever something changed. It also follows each login, outside of it, because the
status is the dearest of all calls: it costs the API server more than a token does. It is also
where a login that raced another replica's is found out: the status is written only on the very
record that was decided on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.conditions import Condition, Findings, conditions
from jwt_to_rbac.core.difference import difference
from jwt_to_rbac.core.errors import Code, Conflict, Denial, JwtToRbacError, Outage
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.news import News, of_conditions
from jwt_to_rbac.core.plan import AccessPlan, plan
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.core.record import refusal
from jwt_to_rbac.ports import Audit, Clock, Cluster, LifetimesInForce, PolicyInForce
from jwt_to_rbac.usecases.lapse import LAPSED, has_lapsed, lapse_of
from jwt_to_rbac.usecases.log_in import ROUNDS, str_grant
from jwt_to_rbac.usecases.one_at_a_time import OneAtATime
from jwt_to_rbac.usecases.reconcile import Decision, in_place, reconcile, take_away


class Due(Enum):
    """TAKE if anything is to be taken away; GIVE if it is only to be given, or told."""

    NOTHING = auto()
    GIVE = auto()
    TAKE = auto()


@dataclass(frozen=True, slots=True)
class Settle:
    """The use case with all that it needs."""

    cluster: Cluster
    policy: PolicyInForce
    audit: Audit
    clock: Clock
    turns: OneAtATime[Identity]
    lifetimes: LifetimesInForce
    tell: Callable[[Account, News], None]
    """Has people told soon; neither waits nor raises."""

    async def __call__(self, name: str, login_at: float | None) -> None:
        """Settle the account `name`, if there still is one. Safe to repeat.

        Raises Outage, or JwtToRbacError for what a person must mend.
        """
        for _ in range(ROUNDS):
            if not await self.step(name, login_at):
                return
        raise Outage(Code.BUSY, f"Others go on giving to account {name} at this moment.")

    async def step(self, name: str, login_at: float | None) -> bool:
        """Take what the account holds and should not, or where there is nothing such, do all else.

        Whether there is more to be done: so everybody's revocations can go ahead of the rest.
        Raises as a call does.
        """
        account = self.cluster.account_named(name)
        if account is None:
            # Revoked meanwhile, perhaps elsewhere while a login here was still giving.
            if self.cluster.has_leftovers(name):
                await self.cluster.take_leftovers(name)
            return False
        async with self.turns(account.record.person.identity):
            for _ in range(ROUNDS):
                try:
                    return await self._once(name, login_at)
                except Conflict:
                    continue
        raise Outage(Code.BUSY, f"Others change AccessGrant {name} at this moment.")

    def refused(self, account: Account) -> Denial | None:
        """Why the person gets nothing now, whatever the policy says."""
        revoked = self.cluster.revoked_before(account.record.person.identity)
        return refusal(account.record, self.clock(), revoked)

    def due(self, name: str) -> Due:
        """What is left to be done for the account `name`, by what is known now."""
        account = self.cluster.account_named(name)
        if account is None:
            return Due.NOTHING
        decision = self.decide(account, self.policy())
        if _excessive(account, decision):
            return Due.TAKE
        told = self._told(account, decision)
        if in_place(account, decision) and self.cluster.is_reported(account, decision.access, told):
            return Due.NOTHING
        return Due.GIVE

    def may_wait(self, name: str) -> bool:
        """Whether nothing is to be taken away, as far as is known: then logins can go first."""
        return self.cluster.account_named(name) is not None and self.due(name) is not Due.TAKE

    def lacks_first_status_alone(self, name: str) -> bool:
        """Whether the account holds what it should, and nobody was told yet that it is there."""
        account = self.cluster.account_named(name)
        if account is None or account.conditions:
            return False
        return in_place(account, self.decide(account, self.policy()))

    async def _once(self, name: str, login_at: float | None) -> bool:
        account = self.cluster.account_named(name)
        if account is None:
            return False
        policy = self.policy()
        decision = self.decide(account, policy, login_at)
        trouble: JwtToRbacError | None = None
        try:
            if _excessive(account, decision):
                await self._recorded(account, decision)
                await take_away(self.cluster, account, decision)
                return True
            if not in_place(account, decision):
                await self._recorded(account, decision)
                account = await reconcile(self.cluster, account, decision, policy)
        except JwtToRbacError as e:
            if isinstance(e, Outage | Conflict) or e.code is Code.NOT_LEADING:
                raise
            trouble = e
        told = self._told(account, decision, trouble)
        await self.cluster.report(account, decision.access, told, login_at)
        if decision.refused is None:
            for news in of_conditions(account.conditions, told):
                self.tell(account, news)
        if trouble is not None:
            raise trouble
        return False

    def ends_at(self, name: str) -> float | None:
        """When the account loses what it has if nobody does anything; None if it isn't there."""
        account = self.cluster.account_named(name)
        if account is None:
            return None
        expires = account.record.expires_at
        lapses = lapse_of(account, self.cluster, self.lifetimes)
        return lapses if expires is None else min(lapses, expires)

    def decide(self, account: Account, policy: Policy, login_at: float | None = None) -> Decision:
        """What the account is to hold now; `login_at` is a login not yet told."""
        refused = self.barred(account, login_at)
        if refused is not None:
            return Decision(account.record, AccessPlan(), refused)
        access = plan(account.record.person, policy, self.cluster.namespaces())
        return Decision(account.record, access)

    def barred(self, account: Account, login_at: float | None = None) -> Denial | None:
        """Why the account is to hold nothing now, whatever the policy says: refused, or lapsed."""
        refused = self.refused(account)
        if refused is None and has_lapsed(
            account, self.cluster, self.lifetimes, self.clock(), login_at
        ):
            return LAPSED
        return refused

    def _told(
        self, account: Account, decision: Decision, trouble: JwtToRbacError | None = None
    ) -> tuple[Condition, ...]:
        roles = {planned.grant.cluster_role for planned in decision.access.grants}
        found = Findings(
            decision.refused,
            None if trouble is None else Denial(trouble.code, trouble.detail),
            tuple(sorted(role for role in roles if not self.cluster.has_role(role))),
            account.foreign,
        )
        return conditions(decision.access, found)

    async def _recorded(self, account: Account, decision: Decision) -> None:
        await self.audit.record(
            "repair",
            account=account.name,
            grants=[
                str_grant(p.grant.cluster_role, p.grant.namespace, p.rule)
                for p in decision.access.grants
            ],
            held=[str_grant(h.grant.cluster_role, h.grant.namespace) for h in account.held],
        )


def _excessive(account: Account, decision: Decision) -> bool:
    """Whether there is anything to be taken away."""
    if decision.refused is not None and account.service_account_uid:
        return True
    return bool(difference(decision.access.wanted(), account.held).revoke)
