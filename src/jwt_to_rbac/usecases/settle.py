"""Settles one account: what its record's plan says is made true once more, then told in the status.

This follows each login, outside of it, because the status is the dearest of all calls (4.7 ms
of the API server's CPU, more than a token). It is also where a login that raced another
replica's is found out: the status is written only on the very record that was decided on.
"""

from dataclasses import dataclass

from jwt_to_rbac.core.errors import Code, Conflict, Outage
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.plan import AccessPlan, plan
from jwt_to_rbac.core.record import refusal
from jwt_to_rbac.ports import Audit, Clock, Cluster, PolicyInForce
from jwt_to_rbac.usecases.log_in import ROUNDS, str_grant
from jwt_to_rbac.usecases.one_at_a_time import OneAtATime
from jwt_to_rbac.usecases.reconcile import Decision, in_place, reconcile


@dataclass(frozen=True, slots=True)
class Settle:
    """The use case with all that it needs."""

    cluster: Cluster
    policy: PolicyInForce
    audit: Audit
    clock: Clock
    turns: OneAtATime[Identity]

    async def __call__(self, name: str, login_at: float | None) -> None:
        """Settle the account `name`, if there still is one. Safe to repeat.

        Raises Outage, or JwtToRbacError for what a person must mend.
        """
        account = self.cluster.account_named(name)
        if account is None:
            return
        async with self.turns(account.record.person.identity):
            for _ in range(ROUNDS):
                try:
                    await self._once(name, login_at)
                except Conflict:
                    continue
                return
        raise Outage(Code.BUSY, f"Others change AccessGrant {name} at this moment.")

    async def _once(self, name: str, login_at: float | None) -> None:
        account = self.cluster.account_named(name)
        if account is None:
            return
        access, policy = AccessPlan(), self.policy()
        if refusal(account.record, self.clock()) is None:
            access = plan(account.record.person, policy, self.cluster.namespaces())
        decision = Decision(account.record, access)
        if not in_place(account, decision):
            await self.audit.record(
                "repair",
                account=name,
                grants=[
                    str_grant(p.grant.cluster_role, p.grant.namespace, p.rule)
                    for p in access.grants
                ],
                held=[str_grant(h.grant.cluster_role, h.grant.namespace) for h in account.held],
            )
            account = await reconcile(self.cluster, account, decision, policy)
        await self.cluster.report(account, access, login_at)
