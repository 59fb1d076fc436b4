"""Take over from the first system: what it left goes as people log in here, and nothing lingers.

Asked for by an administrator with rights of their own: the API server's audit log has who did it.
"""

from collections import defaultdict
from collections.abc import Callable

from jwt_to_rbac.core.adoption import Adoption, Found, plan_adoption
from jwt_to_rbac.core.names import readable_account_name
from jwt_to_rbac.core.plan import Grant
from jwt_to_rbac.core.policy import Namespaces, Policy, Rule, WholeCluster
from jwt_to_rbac.ports import Clock, OldSystem


class Adopt:
    """Shows what is to be done, and does it. Safe to repeat and to interrupt."""

    def __init__(self, old: OldSystem, policy: Policy, clock: Clock) -> None:
        self._old = old
        self._policy = policy
        self._clock = clock

    async def plan(self, everybody: bool) -> Adoption:
        """With `everybody` no account waits for its person's login. Raises JwtToRbacError."""
        people = defaultdict(list)
        for name, person in sorted((await self._old.people()).items()):
            people[readable_account_name(person)].append(name)
        return plan_adoption(
            await self._old.find(),
            people,
            {grant for rule in self._policy.rules for grant in _gives(rule)},
            self._policy.own_roles().keys(),
            self._clock(),
            everybody,
        )

    async def carry_out(self, plan: Adoption, done: Callable[[str, Found], None]) -> None:
        """Do it, in the plan's order; `done` is told of each effect. Raises JwtToRbacError.

        What gives access is taken before a ClusterRole changes that others have.
        """
        for one in plan.remove:
            await self._old.remove(one)
            done("removed", one)
        rules = self._policy.own_roles()
        for role in plan.roles:
            await self._old.take_over_role(role, rules[role.name])
            done("taken over", role)


def _gives(rule: Rule) -> list[Grant]:
    """What it gives whoever matches; `*` for the namespaces that a selector chooses."""
    match rule.scope:
        case WholeCluster():
            return [Grant(rule.cluster_role)]
        case Namespaces(names):
            return [Grant(rule.cluster_role, name) for name in names]
        case _:
            return [Grant(rule.cluster_role, "*")]
