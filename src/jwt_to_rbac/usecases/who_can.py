"""Who may do something on the cluster by what they hold here. What others gave them isn't seen."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.authorization import AccessRequest, ResourceRequest, allows
from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.core.plan import Grant, plan
from jwt_to_rbac.ports import Cluster, PolicyInForce, Request
from jwt_to_rbac.usecases.callers import FORBIDDEN_TO_ALL, Caller, Callers

AT_A_TIME = 200
"""People looked at until others get their turn: some milliseconds."""


@dataclass(frozen=True, slots=True)
class Way:
    """One binding of one person that allows it. `rule` is the policy's, "" if none gives it any more."""

    account: Account
    grant: Grant
    rule: str


@dataclass(frozen=True, slots=True)
class WhoCan:
    """The use case with all that it needs."""

    callers: Callers
    cluster: Cluster
    policy: PolicyInForce

    async def __call__(
        self, caller: Caller, asked: AccessRequest, request: Request
    ) -> tuple[Way, ...] | Denial:
        """Every way to what is asked, by name; needs `list` on `accessgrants`.

        It goes by the bindings and the ClusterRoles that are on the cluster, aggregated ones
        included, as the API server does.
        """
        if not await self.callers.may(caller, "list"):
            return await self.callers.refused(
                FORBIDDEN_TO_ALL, caller, "list accessgrants", "", request
            )
        namespace = asked.namespace if isinstance(asked, ResourceRequest) else ""

        @cache
        def allowed_by(cluster_role: str) -> bool:
            return any(allows(rule, asked) for rule in self.cluster.role_rules(cluster_role))

        def fits(grant: Grant) -> bool:
            return grant.namespace in ("", namespace) and allowed_by(grant.cluster_role)

        found: list[Way] = []
        for number, name in enumerate(self.cluster.account_names()):
            if number % AT_A_TIME == AT_A_TIME - 1:
                await asyncio.sleep(0)
            account = self.cluster.account_named(name)
            if account is not None:
                found += self._ways(account, fits)
        return tuple(found)

    def _ways(self, account: Account, fits: Callable[[Grant], bool]) -> list[Way]:
        grants = sorted(held.grant for held in account.held if held.intact and fits(held.grant))
        if not grants:
            return []
        access = plan(account.record.person, self.policy(), self.cluster.namespaces())
        rules = {planned.grant: planned.rule for planned in access.grants}
        return [Way(account, grant, rules.get(grant, "")) for grant in grants]
