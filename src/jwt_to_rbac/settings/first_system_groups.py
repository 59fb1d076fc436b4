"""The first system's groups as rules of our form: its customGroups and its default groups."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from jwt_to_rbac.settings.configuration import Form, RoleRule, RuleForm, ScopeForm, Text, Texts
from jwt_to_rbac.settings.document import Path, shown
from jwt_to_rbac.settings.shape import Report

DEFAULT_GROUPS: Mapping[str, str] = {
    "cluster-admin": "cluster-admin",
    "admin": "admin",
    "admins": "admin",
    "edit": "edit",
    "view": "view",
}
"""Groups that the first system binds to built-in ClusterRoles, whoever's issuer names them."""

GROUPS: Path = ("rbachandler", "customGroups")


class CustomRule(Form, frozen=True):
    """A rule of a group's own ClusterRole."""

    verbs: Texts
    resources: Texts
    api_groups: tuple[str, ...]


class CustomGroup(Form, frozen=True):
    """A group and what it may do; no namespaces is the whole cluster."""

    group_name: Text
    custom_rules: tuple[CustomRule, ...] = ()
    namespaces: tuple[Text, ...] | UnsetType = UNSET


_NOTHING = CustomGroup(group_name="-")
"""What customGroups says about a default group that it does not name."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules of our form, and where each comes from in the first system's file."""

    forms: tuple[RuleForm, ...]
    origins: Mapping[Path, Path]


def rule_forms(
    groups: tuple[CustomGroup, ...], defaults: bool, github_org: str, wrong: Report, warn: Report
) -> Rules:
    """The default groups first (if `defaults`), then the custom ones, in order."""
    forms: list[RuleForm] = []
    origins: dict[Path, Path] = {}
    placed: dict[str, tuple[int, CustomGroup]] = {}
    for index, group in enumerate(groups):
        _check(group, index, group.group_name in placed, defaults, github_org, wrong, warn)
        placed.setdefault(group.group_name, (index, group))
    for name, role in DEFAULT_GROUPS.items() if defaults else ():
        # A default group that customGroups names too keeps its role, within those namespaces.
        index, group = placed.pop(name, (-1, _NOTHING))
        rule: Path = ("policy", "rules", len(forms))
        origins[rule] = ("rbachandler", "defaultGroups")
        if index >= 0:
            origins |= _origins(len(forms), index)
        forms.append(_form(name, github_org, role, group))
    for name, (index, group) in placed.items():
        origins |= _origins(len(forms), index)
        forms.append(_form(name, github_org, "", group))
    return Rules(tuple(forms), origins)


def _form(name: str, github_org: str, role: str, group: CustomGroup) -> RuleForm:
    groups: tuple[str, ...] = (name,)
    if github_org and ":" not in name:
        groups += (f"{github_org}:{name}",)
    return RuleForm(
        name=name,
        groups=groups,
        cluster_role=role,
        rules=tuple(
            RoleRule(verbs=rule.verbs, resources=rule.resources, api_groups=rule.api_groups)
            for rule in (() if role else group.custom_rules)
        ),
        # Named twice, a namespace was bound twice: the same as once.
        scope=ScopeForm(namespaces=tuple(dict.fromkeys(group.namespaces)))
        if group.namespaces
        else UNSET,
    )


def _origins(rule: int, group: int) -> dict[Path, Path]:
    ours: Path = ("policy", "rules", rule)
    return {
        ours: (*GROUPS, group),
        (*ours, "name"): (*GROUPS, group, "groupName"),
        (*ours, "groups"): (*GROUPS, group, "groupName"),
        (*ours, "rules"): (*GROUPS, group, "customRules"),
        (*ours, "scope"): (*GROUPS, group, "namespaces"),
        (*ours, "scope", "namespaces"): (*GROUPS, group, "namespaces"),
    }


def _check(
    group: CustomGroup,
    index: int,
    again: bool,
    defaults: bool,
    github_org: str,
    wrong: Report,
    warn: Report,
) -> None:
    at: Path = (*GROUPS, index)
    name = shown(group.group_name)
    if again:
        wrong(at, f"is the group {name} again, which has no effect: put both in one")
    elif defaults and group.group_name in DEFAULT_GROUPS:
        role = DEFAULT_GROUPS[group.group_name]
        mend = "take it out, or say `rbachandler.defaultGroups: false`"
        if group.custom_rules:
            # The first system bound the built-in role and ignored these: whoever wrote them
            # wanted less than they got.
            wrong(
                (*at, "customRules"),
                f"has no effect: {name} is a default group and gets the ClusterRole {role}; {mend}",
            )
        elif not group.namespaces:
            wrong(at, f"has no effect: {name} is a default group; {mend}")
    elif not group.custom_rules:
        wrong(at, f"gives {name} nothing: write customRules, or take the group out")
    if github_org and "-" in group.group_name and ":" not in group.group_name:
        org, _, team = group.group_name.partition("-")
        warn(
            (*at, "groupName"),
            f"is {name}: a team of another organisation than {shown(github_org)} is no longer in "
            f"this group (`a-b` of `c` and `a` of `b-c` were the same); name such a team as "
            f"GitHub does, {shown(f'{org}:{team}')}",
        )
    if group.namespaces == ():
        warn((*at, "namespaces"), f"is empty: {name} gets the whole cluster, as before")
