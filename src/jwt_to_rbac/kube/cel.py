"""Conditions on Kubernetes objects in CEL, as text. Which of them a policy demands is in `admission`."""

import json
from collections.abc import Iterable

from jwt_to_rbac.core.policy import OWN_ROLE_SUFFIX, PolicyRule
from jwt_to_rbac.kube.marks import API_VERSION, GROUP, KIND, LABELS


def text(value: str) -> str:
    """A string literal; JSON's escapes are among CEL's, save its surrogate pairs."""
    return json.dumps(value, ensure_ascii=False)


def texts(values: Iterable[str]) -> str:
    return f"[{', '.join(map(text, values))}]"


def every(*conditions: str) -> str:
    return " && ".join(f"({one})" if " || " in one else one for one in conditions)


def either(*conditions: str) -> str:
    """One of them at least; without any, never."""
    return " || ".join(f"({one})" if " && " in one else one for one in conditions) or "false"


def marked(what: str) -> str:
    labels = f"{what}.metadata.labels"
    wanted = (
        every(f"{text(key)} in {labels}", f"{labels}[{text(key)}] == {text(value)}")
        for key, value in LABELS.items()
    )
    return every(f"has({labels})", *wanted)


def own_role(what: str) -> str:
    """A ClusterRole that a policy's rule became, in this policy or an earlier one."""
    return every(f"{what}.metadata.name.endsWith({text(OWN_ROLE_SUFFIX)})", marked(what))


def owned_by_a_grant_alone(what: str) -> str:
    owners = f"{what}.metadata.ownerReferences"
    return every(
        f"has({owners})",
        f"size({owners}) == 1",
        f"{owners}[0].apiVersion == {text(API_VERSION)}",
        f"{owners}[0].kind == {text(KIND)}",
    )


def owned_by_a_grant(what: str) -> str:
    """By its owner, not by its marks: those may be lost, and must not save an object from us."""
    owners = f"{what}.metadata.ownerReferences"
    ours = every(f"one.apiVersion.startsWith({text(f'{GROUP}/')})", f"one.kind == {text(KIND)}")
    return every(f"has({owners})", f"{owners}.exists(one, {ours})")


def is_role(what: str, name: str, rules: tuple[PolicyRule, ...]) -> str:
    """A ClusterRole of this name with exactly these rules, in this order."""
    return every(
        f"{what}.metadata.name == {text(name)}",
        f"has({what}.rules)",
        f"size({what}.rules) == {len(rules)}",
        *(_is_rule(f"{what}.rules[{i}]", rule) for i, rule in enumerate(rules)),
    )


def joins_other_roles(what: str, before: str) -> str:
    """Whether a ClusterRole is made of others, or becomes part of others as it wasn't `before`."""
    labels, old = f"{what}.metadata.labels", f"{before}.metadata.labels"
    was_there = every(f"{before} != null", f"has({old})", f"key in {old}")
    aggregates = 'key.startsWith("rbac.authorization.k8s.io/aggregate-to-")'
    new = every(aggregates, f"!({was_there})")
    return either(
        f"has({what}.aggregationRule)", every(f"has({labels})", f"{labels}.exists(key, {new})")
    )


def _is_rule(at: str, rule: PolicyRule) -> str:
    fields = {
        "verbs": rule.verbs,
        "apiGroups": rule.api_groups,
        "resources": rule.resources,
        "resourceNames": rule.resource_names,
        "nonResourceURLs": rule.non_resource_urls,
    }
    return every(
        *(
            every(f"has({at}.{key})", f"{at}.{key} == {texts(values)}")
            if values
            else f"!has({at}.{key})"
            for key, values in fields.items()
        )
    )
