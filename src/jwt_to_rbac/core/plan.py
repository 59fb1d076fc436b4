"""Decides what one person gets, and why. The one place: login, explain and the controllers all ask here."""

from dataclasses import dataclass

from jwt_to_rbac.core.expression import ExpressionFailed
from jwt_to_rbac.core.github_groups import believed_groups
from jwt_to_rbac.core.identity import Person
from jwt_to_rbac.core.policy import (
    Namespaces,
    Policy,
    Rule,
    Scope,
    SelectedNamespaces,
    WholeCluster,
)
from jwt_to_rbac.core.selector import NamespaceLabels


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One binding that a person should hold. `namespace` is empty for the whole cluster."""

    cluster_role: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class PlannedGrant:
    """A grant with the name of the rule that gives it."""

    grant: Grant
    rule: str


@dataclass(frozen=True, slots=True)
class FailedRule:
    """A rule whose expression had no value for this person: it gives nothing."""

    rule: str
    reason: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}"


@dataclass(frozen=True, slots=True)
class MatchedRule:
    """A rule that is for a person, by these of their groups (none where its expression alone decides).

    `grants` is all that it gives, also what an earlier rule gives already; `absent_namespaces`
    are those that it names and the cluster doesn't have.
    """

    rule: str
    cluster_role: str
    groups: tuple[str, ...]
    grants: tuple[Grant, ...]
    absent_namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessPlan:
    """What a person gets, and what gave nothing.

    `matched_rules` are the way to each grant, in the policy's order. `unmatched_groups` are groups of the person that no rule names; `absent_namespaces` are
    namespaces that a matching rule names and the cluster doesn't have; `failed_rules` are for
    an administrator to mend.
    """

    grants: tuple[PlannedGrant, ...] = ()
    unmatched_groups: tuple[str, ...] = ()
    absent_namespaces: tuple[str, ...] = ()
    failed_rules: tuple[FailedRule, ...] = ()
    matched_rules: tuple[MatchedRule, ...] = ()

    def wanted(self) -> frozenset[Grant]:
        return frozenset(planned.grant for planned in self.grants)


def plan(person: Person, policy: Policy, namespaces: NamespaceLabels) -> AccessPlan:
    """The access of `person` under `policy` on a cluster that has `namespaces`; pure.

    Two rules that give the same grant yield it once, with the first rule as its reason. Under a
    policy of mode `groups` nobody is given anything by name (see `standing`). Whose issuer is no
    longer trusted gets nothing.
    """
    if policy.mode == "groups":
        return AccessPlan()
    # Nobody's claims (a dry run may have none) are of no issuer.
    if person.identity.issuer and not policy.trusts(person.identity.issuer):
        return AccessPlan(unmatched_groups=person.groups)
    found: dict[Grant, str] = {}
    ways: list[MatchedRule] = []
    prefix = policy.group_prefixes.get(person.identity.issuer, "")
    believed = believed_groups(person, policy.github_org, prefix)
    held = frozenset(believed)
    user = _user(person, believed)
    matched: set[str] = set()
    failed: list[FailedRule] = []
    for rule in policy.rules:
        common = rule.groups & held
        if rule.groups and not common:
            continue
        matched |= common
        try:
            if not (rule.when.holds(user) if rule.when else rule.groups):
                continue
        except ExpressionFailed as failure:
            failed.append(FailedRule(rule.name, str(failure)))
            continue
        absent = tuple(sorted(_absent(rule.scope, namespaces)))
        grants = tuple(sorted(grants_of(rule, policy, namespaces)))
        ways.append(
            MatchedRule(rule.name, rule.cluster_role, tuple(sorted(common)), grants, absent)
        )
        for grant in grants:
            found.setdefault(grant, rule.name)
    return AccessPlan(
        tuple(PlannedGrant(grant, rule) for grant, rule in sorted(found.items())),
        tuple(group for group in person.groups if group not in matched),
        tuple(sorted({name for way in ways for name in way.absent_namespaces})),
        tuple(failed),
        tuple(ways),
    )


def _user(person: Person, groups: tuple[str, ...]) -> dict[str, object]:
    """What expressions see: of the groups only those that may be believed."""
    return {
        "user.issuer": person.identity.issuer,
        "user.subject": person.identity.subject,
        "user.username": person.username,
        "user.email": person.email,
        "user.groups": list(groups),
        "user.connector": person.connector,
        "user.userID": person.user_id,
    }


def grants_of(rule: Rule, policy: Policy, namespaces: NamespaceLabels) -> list[Grant]:
    """What a rule gives whoever it is for."""
    match rule.scope:
        case WholeCluster():
            return [Grant(rule.cluster_role)]
        case Namespaces(names):
            return [Grant(rule.cluster_role, name) for name in names if name in namespaces]
        case SelectedNamespaces(selector):
            chosen = namespaces.chosen_by(selector)
            return [Grant(rule.cluster_role, n) for n in chosen if n != policy.accounts_namespace]


def _absent(scope: Scope, namespaces: NamespaceLabels) -> set[str]:
    match scope:
        case WholeCluster() | SelectedNamespaces():
            return set()
        case Namespaces(names):
            return {name for name in names if name not in namespaces}
