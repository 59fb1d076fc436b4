"""What `policy` means as the core's values, and what in it can't be."""

import re
from collections.abc import Mapping, Sequence

from jwt_to_rbac.core.claim_mapping import Claim
from jwt_to_rbac.core.expression import Expression
from jwt_to_rbac.core.kubernetes_user import RESERVED
from jwt_to_rbac.core.policy import (
    Namespaces,
    Policy,
    PolicyRule,
    Rule,
    Scope,
    SelectedNamespaces,
    WholeCluster,
    own_role_name,
)
from jwt_to_rbac.core.standing import subjects_of
from jwt_to_rbac.settings.cel import PERSON, Kind, NotAnExpression, compiled
from jwt_to_rbac.settings.configuration import PolicyForm, RoleRule, RuleForm, ScopeForm
from jwt_to_rbac.settings.document import Path, dotted, shown
from jwt_to_rbac.settings.selector_meaning import selector
from jwt_to_rbac.settings.shape import Report
from jwt_to_rbac.settings.values import Issuer

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LONGEST_NAME = 253
"""Characters; what Kubernetes allows for most object names."""


def policy(form: PolicyForm, issuers: Sequence[Issuer], accounts: str, wrong: Report) -> Policy:
    """The policy for people of `issuers`; what can't be goes to `wrong`.

    `accounts` is the accounts' namespace.
    """
    at: Path = ("policy", "rules")
    first: dict[str, Path] = {}
    for index, rule in enumerate(form.rules):
        path = (*at, index, "name")
        if rule.name in first:
            wrong(path, f"is {shown(rule.name)} again, as {dotted(first[rule.name])}: rename one")
        first.setdefault(rule.name, path)
    own = {own_role_name(rule.name): rule.name for rule in form.rules if rule.rules}
    for index, rule in enumerate(form.rules):
        if rule.cluster_role in own:
            # Two owners of one ClusterRole: which rules it has would depend on their order.
            wrong(
                (*at, index, "clusterRole"),
                f"is what the rules of {shown(own[rule.cluster_role])} become: give {shown(rule.name)}'s "
                "groups to that rule, or rename it",
            )
    rules = tuple(_rule(rule, (*at, i), wrong) for i, rule in enumerate(form.rules))
    prefixes: dict[str, str] = {}
    for issuer in issuers:
        match issuer.mapping.groups:
            case Claim(prefix=prefix) if prefix:
                prefixes[issuer.url] = prefix
            case Expression() if form.github_org:
                # What an expression makes of a name can't be told from a name of GitHub's.
                wrong(
                    ("policy", "githubOrg"),
                    f"can't be kept beside the groups expression of {shown(issuer.url)}: map a "
                    "claim with a prefix, or take this out",
                )
    if form.mode == "groups":
        _check_groups_mode(form, rules, wrong)
    return Policy(
        rules,
        _github_org(form.github_org, wrong),
        prefixes,
        accounts,
        form.mode,
        form.dynamic_roles,
        frozenset(issuer.url for issuer in issuers),
    )


def _check_groups_mode(form: PolicyForm, rules: tuple[Rule, ...], wrong: Report) -> None:
    """What no binding can say is refused: it would give too much, or nothing."""
    if form.github_org:
        wrong(
            ("policy", "githubOrg"),
            "has no effect in mode groups, where RBAC doesn't see which connector a group is from",
        )
    for index, rule in enumerate(rules):
        at: Path = ("policy", "rules", index)
        if rule.when is not None and (rule.groups or not subjects_of(rule)):
            wrong(
                (*at, "when"),
                "can't be kept by bindings in mode groups, save `user.username == '...'` or "
                "`user.username in [...]` without groups; use webhook authorization for it",
            )
        for i, name in enumerate(form.rules[index].groups):
            if name.startswith(RESERVED):
                wrong(
                    (*at, "groups", i),
                    f"is {shown(name)}: in mode groups it would be Kubernetes' own group",
                )


def check_namespace(name: str, path: Path, wrong: Report) -> None:
    """A namespace's name is a DNS label (RFC 1123)."""
    if not _DNS_LABEL.fullmatch(name):
        wrong(path, f"is {shown(name)}, but a namespace's name is a-z, 0-9 and -, at most 63 long")


def _rule(rule: RuleForm, at: Path, wrong: Report) -> Rule:
    _check_role_name(own_role_name(rule.name) if rule.rules else rule.name, (*at, "name"), wrong)
    if bool(rule.cluster_role) == bool(rule.rules):
        wrong(at, "needs exactly one of `clusterRole` (one that exists) and `rules` (of your own)")
    elif rule.cluster_role:
        _check_role_name(rule.cluster_role, (*at, "clusterRole"), wrong)
    if not (rule.groups or rule.when):
        wrong(at, "needs `groups`, `when` or both: who is it for?")
    for i, group in enumerate(rule.groups):
        if group in rule.groups[:i]:
            wrong((*at, "groups", i), f"is {shown(group)} again: keep one")
    scoped = bool(rule.scope)
    for i, role_rule in enumerate(rule.rules):
        _check_role_rule(role_rule, (*at, "rules", i), scoped, wrong)
    return Rule(
        rule.name,
        frozenset(rule.groups),
        rule.cluster_role or own_role_name(rule.name),
        _scope(rule.scope, (*at, "scope"), wrong) if rule.scope else WholeCluster(),
        tuple(_role_rule(r) for r in rule.rules) or None,
        _when(rule.when, (*at, "when"), wrong) if rule.when else None,
    )


def _when(text: str, path: Path, wrong: Report) -> Expression | None:
    try:
        return compiled(text, PERSON, Kind.BOOLEAN)
    except NotAnExpression as error:
        wrong(path, str(error))
        return None


def _scope(form: ScopeForm, at: Path, wrong: Report) -> Scope:
    if bool(form.namespaces) == bool(form.namespace_selector):
        wrong(at, "needs exactly one of `namespaces` and `namespaceSelector`")
    if form.namespace_selector:
        return SelectedNamespaces(
            selector(form.namespace_selector, (*at, "namespaceSelector"), wrong)
        )
    for i, name in enumerate(form.namespaces):
        check_namespace(name, (*at, "namespaces", i), wrong)
    return Namespaces(frozenset(form.namespaces))


def _role_rule(form: RoleRule) -> PolicyRule:
    return PolicyRule(
        verbs=form.verbs,
        api_groups=form.api_groups,
        resources=form.resources,
        resource_names=form.resource_names,
        non_resource_urls=form.non_resource_urls,
    )


def _check_role_rule(rule: RoleRule, at: Path, scoped: bool, wrong: Report) -> None:
    # Kubernetes' own checks (pkg/apis/rbac/validation), told before somebody's login fails.
    of_resources: Mapping[str, tuple[str, ...]] = {
        "apiGroups": rule.api_groups,
        "resources": rule.resources,
        "resourceNames": rule.resource_names,
    }
    if rule.non_resource_urls:
        if scoped:
            wrong(
                (*at, "nonResourceURLs"),
                "has no effect within namespaces: take it or the scope out",
            )
        for key, values in of_resources.items():
            if values:
                wrong((*at, key), "can't stand beside nonResourceURLs: make two rules of it")
        return
    if not rule.api_groups:
        wrong(at, 'lacks `apiGroups`: name them; "" is the group of pods, services and the like')
    if not rule.resources:
        wrong(at, "lacks `resources`")


def _check_role_name(name: str, path: Path, wrong: Report) -> None:
    if name in (".", "..") or "/" in name or "%" in name:
        wrong(path, f"is {shown(name)}, but a ClusterRole's name can't be `.`, `..` or have / or %")
    elif len(name) > _LONGEST_NAME:
        wrong(path, f"makes a ClusterRole's name longer than {_LONGEST_NAME} characters")


def _github_org(name: str, wrong: Report) -> str:
    if ":" in name:
        wrong(("policy", "githubOrg"), f"is {shown(name)}, which is no organisation's name")
    return name
