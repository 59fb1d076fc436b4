"""What a policy of mode `groups` binds to Groups and Users themselves, whoever is in them: pure.

For API servers that read ID tokens: RBAC then knows a person's groups at each request, and
nobody has to log in with us. Only what a binding can say has a form here: an expression over
the person is refused in `settings`, save one that just names users.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from jwt_to_rbac.core.plan import Grant, grants_of
from jwt_to_rbac.core.policy import Policy, Rule
from jwt_to_rbac.core.selector import NamespaceLabels

_TEXT = r"""(?:'[^'"\\\n]*'|"[^'"\\\n]*")"""
_ONE = re.compile(rf"\s*user\.username\s*==\s*({_TEXT})\s*")
_SEVERAL = re.compile(rf"\s*user\.username\s+in\s*\[\s*({_TEXT}(?:\s*,\s*{_TEXT})*)\s*,?\s*\]\s*")


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """Whom a binding is for, as RBAC names them."""

    kind: Literal["Group", "User"]
    name: str


@dataclass(frozen=True, slots=True, order=True)
class StandingGrant:
    """One binding that stands for as long as the policy says so."""

    subject: Subject
    grant: Grant


@dataclass(frozen=True, slots=True)
class HeldStanding:
    """Such a binding that exists; `intact` is false if it isn't as we make it."""

    standing: StandingGrant
    name: str
    intact: bool = True


@dataclass(frozen=True, slots=True)
class StandingChanges:
    """Bindings to take away, to be done first, and grants to give."""

    take: tuple[HeldStanding, ...]
    give: tuple[StandingGrant, ...]


def standing_grants(policy: Policy, namespaces: NamespaceLabels) -> Mapping[StandingGrant, str]:
    """Each grant with the first rule that gives it; none where the policy is of mode `accounts`."""
    found: dict[StandingGrant, str] = {}
    if policy.mode == "groups":
        for rule in policy.rules:
            for grant in grants_of(rule, policy, namespaces):
                for subject in subjects_of(rule):
                    found.setdefault(StandingGrant(subject, grant), rule.name)
    return found


def subjects_of(rule: Rule) -> list[Subject]:
    """The Groups that a rule names, or the Users that its expression does."""
    if rule.when is None:
        return [Subject("Group", name) for name in sorted(rule.groups)]
    if rule.groups:
        return []
    return [Subject("User", name) for name in users_named(rule.when.text)]


def users_named(expression: str) -> list[str]:
    """The user names that an expression compares with, if that is all that it does; else none."""
    found = _ONE.fullmatch(expression) or _SEVERAL.fullmatch(expression)
    return [literal[1:-1] for literal in re.findall(_TEXT, found[1])] if found else []


def standing_changes(
    wanted: Mapping[StandingGrant, str], held: list[HeldStanding]
) -> StandingChanges:
    """What must change for exactly the wanted to be held, once each."""
    kept: set[StandingGrant] = set()
    take = []
    for one in sorted(held, key=lambda h: (h.standing, h.name)):
        if one.standing in wanted and one.intact and one.standing not in kept:
            kept.add(one.standing)
        else:
            take.append(one)
    return StandingChanges(tuple(take), tuple(sorted(wanted.keys() - kept)))
