"""A plan as people read it: rule by rule with how far each goes, and what all of it allows, place by place."""

from dataclasses import dataclass

from jwt_to_rbac.core.permissions import Permissions, permissions
from jwt_to_rbac.core.plan import AccessPlan, MatchedRule
from jwt_to_rbac.core.policy import PolicyRule
from jwt_to_rbac.ports import Cluster

_READING = frozenset({"get", "list", "watch"})


@dataclass(frozen=True, slots=True)
class RuleSeen:
    """A rule that is for the person, with the number by which tables refer to it, from 1.

    `exists`: whether there is such a ClusterRole; `writes`: whether it changes anything.
    """

    number: int
    matched: MatchedRule
    exists: bool
    writes: bool

    @property
    def name(self) -> str:
        return self.matched.rule

    @property
    def role(self) -> str:
        return self.matched.cluster_role

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(grant.namespace for grant in self.matched.grants if grant.namespace)

    @property
    def everywhere(self) -> bool:
        return any(not grant.namespace for grant in self.matched.grants)

    @property
    def changes_the_cluster(self) -> bool:
        """Whether it changes things on the whole cluster, which most people shouldn't."""
        return self.everywhere and self.writes


@dataclass(frozen=True, slots=True)
class PlaceSeen:
    """Namespaces where the same rules hold, and what they allow there; none for the whole cluster.

    What holds on the whole cluster holds in each namespace too, and isn't repeated.
    """

    namespaces: tuple[str, ...]
    allowed: Permissions


@dataclass(frozen=True, slots=True)
class AccessSeen:
    """All of it; `plan` also says what gave nothing, and `idle_groups` by which groups nothing comes."""

    plan: AccessPlan
    rules: tuple[RuleSeen, ...]
    places: tuple[PlaceSeen, ...]
    idle_groups: tuple[str, ...]


def see(plan: AccessPlan, groups: tuple[str, ...], cluster: Cluster) -> AccessSeen:
    """By the ClusterRoles as they stand, aggregated ones included; `groups` are all of the person's."""
    rules = tuple(
        RuleSeen(
            number,
            matched,
            cluster.has_role(matched.cluster_role),
            any(map(_writes, cluster.role_rules(matched.cluster_role))),
        )
        for number, matched in enumerate(plan.matched_rules, 1)
    )
    used = {group for matched in plan.matched_rules for group in matched.groups}
    idle = tuple(group for group in groups if group not in used)
    return AccessSeen(plan, rules, _places(rules, cluster), idle)


def _places(rules: tuple[RuleSeen, ...], cluster: Cluster) -> tuple[PlaceSeen, ...]:
    """The whole cluster first, then namespaces by name, those where the same rules hold together."""
    holding: dict[str, list[RuleSeen]] = {}
    for rule in rules:
        for grant in rule.matched.grants:
            holding.setdefault(grant.namespace, []).append(rule)
    alike: dict[tuple[int, ...], list[str]] = {}
    for namespace in sorted(filter(None, holding)):
        alike.setdefault(tuple(rule.number for rule in holding[namespace]), []).append(namespace)

    def seen(namespaces: tuple[str, ...], there: list[RuleSeen]) -> PlaceSeen:
        roles = tuple((rule.number, cluster.role_rules(rule.role)) for rule in there)
        return PlaceSeen(namespaces, permissions(roles))

    everywhere = [seen((), holding[""])] if "" in holding else []
    return (
        *everywhere,
        *(seen(tuple(names), holding[names[0]]) for names in alike.values()),
    )


def _writes(rule: PolicyRule) -> bool:
    return not _READING.issuperset(rule.verbs)
