"""What the configuration says: who gets which ClusterRole where. Values only; planning is in `plan`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jwt_to_rbac.core.expression import Expression
from jwt_to_rbac.core.selector import LabelSelector

OWN_ROLE_SUFFIX = "-from-jwt"


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule of a ClusterRole, field for field as rbac.authorization.k8s.io/v1 has it."""

    verbs: tuple[str, ...]
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WholeCluster:
    """The grant becomes a ClusterRoleBinding."""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The grant becomes a RoleBinding in each of these namespaces."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class SelectedNamespaces:
    """The grant becomes a RoleBinding in each namespace that matches, whenever it was made.

    Never in the accounts' own (`Policy.accounts_namespace`): who may edit there could take the
    token of anybody, and a selector such as `team NotIn (a)` matches it without naming it.
    """

    selector: LabelSelector


Scope = WholeCluster | Namespaces | SelectedNamespaces


@dataclass(frozen=True, slots=True)
class Rule:
    """Whoever is in one of `groups` (exact match) gets `cluster_role` within `scope`.

    With `when` it must hold too; then `groups` may be empty, for a rule that asks it alone.
    `own_rules` is None where `cluster_role` exists on the cluster already; otherwise the
    program keeps a ClusterRole of that name with these rules.
    """

    name: str
    groups: frozenset[str]
    cluster_role: str
    scope: Scope = WholeCluster()
    own_rules: tuple[PolicyRule, ...] | None = None
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules, in the order of the configuration (the first to give a grant is its reason).

    `mode` says who holds what rules give: each person's own ServiceAccount, or the groups (and
    users) themselves, for API servers that read ID tokens (see `standing`).
    `github_org` is an organisation whose `org:team` groups count only from the connector
    `github`, see `github_groups`; empty for none. `group_prefixes` gives for an issuer's URL
    what stands before each of its groups, where anything does. `accounts_namespace` is the one
    that no selector chooses. With `dynamic_roles` the program keeps the ClusterRoles that have
    their rules here; without, somebody else does, and it only looks. People of an issuer that
    isn't in `issuers` get nothing (None: whoever the issuer is).
    """

    rules: tuple[Rule, ...] = ()
    github_org: str = ""
    group_prefixes: Mapping[str, str] = field(default_factory=dict)
    accounts_namespace: str = "jwt-to-rbac-users"
    mode: Literal["accounts", "groups"] = "accounts"
    dynamic_roles: bool = False
    issuers: frozenset[str] | None = None

    def trusts(self, issuer: str) -> bool:
        """Whether people of this issuer may get anything."""
        return self.issuers is None or issuer in self.issuers

    def own_roles(self) -> dict[str, tuple[PolicyRule, ...]]:
        """The ClusterRoles that have their rules here: name to rules."""
        return {r.cluster_role: r.own_rules for r in self.rules if r.own_rules is not None}


def own_role_name(rule_name: str) -> str:
    """The name of a rule's own ClusterRole, as the first system made it."""
    return f"{rule_name}{OWN_ROLE_SUFFIX}"
