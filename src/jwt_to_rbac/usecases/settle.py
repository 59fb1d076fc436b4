"""Settles one account: what its record's plan says is made true once more, then told in the status.

A leader does it whenever something changed. It also follows each login, outside of it, because the
status is the dearest of all calls (4.7 ms of the API server's CPU, more than a token). It is also
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
from jwt_to_rbac.usecases.lapse import LAPSED, lapse_of
from jwt_to_rbac.usecases.log_in import ROUNDS, str_grant
from jwt_to_rbac.usecases.one_at_a_time import OneAtATime
from jwt_to_rbac.usecases.reconcile import Decision, in_place, reconcile


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
        account = self.cluster.account_named(name)
        if account is None:
            # Revoked meanwhile, perhaps elsewhere while a login here was still giving.
            if self.cluster.has_leftovers(name):
                await self.cluster.take_leftovers(name)
            return
        async with self.turns(account.record.person.identity):
            for _ in range(ROUNDS):
                try:
                    await self._once(name, login_at)
                except Conflict:
                    continue
                return
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
        decision = self._decide(account, self.policy(), None)
        if decision.refused is not None and account.service_account_uid:
            return Due.TAKE
        if difference(decision.access.wanted(), account.held).revoke:
            return Due.TAKE
        told = self._told(account, decision)
        if in_place(account, decision) and self.cluster.is_reported(account, decision.access, told):
            return Due.NOTHING
        return Due.GIVE

    async def _once(self, name: str, login_at: float | None) -> None:
        account = self.cluster.account_named(name)
        if account is None:
            return
        policy = self.policy()
        decision = self._decide(account, policy, login_at)
        trouble: JwtToRbacError | None = None
        if not in_place(account, decision):
            try:
                account = await self._repair(account, decision, policy)
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

    def ends_at(self, name: str) -> float | None:
        """When the account loses what it has if nobody does anything; None if it isn't there."""
        account = self.cluster.account_named(name)
        if account is None:
            return None
        expires = account.record.expires_at
        lapses = lapse_of(account, self.cluster, self.lifetimes)
        return lapses if expires is None else min(lapses, expires)

    def _decide(self, account: Account, policy: Policy, login_at: float | None) -> Decision:
        refused = self.refused(account)
        if refused is None and self.clock() >= lapse_of(
            account, self.cluster, self.lifetimes, login_at
        ):
            refused = LAPSED
        if refused is not None:
            return Decision(account.record, AccessPlan(), refused)
        access = plan(account.record.person, policy, self.cluster.namespaces())
        return Decision(account.record, access)

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

    async def _repair(self, account: Account, decision: Decision, policy: Policy) -> Account:
        await self.audit.record(
            "repair",
            account=account.name,
            grants=[
                str_grant(p.grant.cluster_role, p.grant.namespace, p.rule)
                for p in decision.access.grants
            ],
            held=[str_grant(h.grant.cluster_role, h.grant.namespace) for h in account.held],
        )
        return await reconcile(self.cluster, account, decision, policy)
