"""What a label selector means as the core's value, with Kubernetes' own checks of keys and values."""

import re

from jwt_to_rbac.core.selector import LabelSelector, Requirement
from jwt_to_rbac.settings.configuration import LabelSelectorForm, RequirementForm
from jwt_to_rbac.settings.document import Path, shown
from jwt_to_rbac.settings.shape import Report

_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII)
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_LONGEST_PREFIX = 253


def selector(form: LabelSelectorForm, at: Path, wrong: Report) -> LabelSelector:
    """The selector; what Kubernetes would refuse goes to `wrong`."""
    found: list[Requirement] = []
    for key, value in form.match_labels.items():
        path = (*at, "matchLabels", key)
        _check_key(key, path, wrong)
        _check_value(value, path, wrong)
        found.append(Requirement(key, "In", frozenset({value})))
    for i, requirement in enumerate(form.match_expressions):
        found.append(_requirement(requirement, (*at, "matchExpressions", i), wrong))
    return LabelSelector(tuple(found))


def _requirement(form: RequirementForm, at: Path, wrong: Report) -> Requirement:
    _check_key(form.key, (*at, "key"), wrong)
    if form.operator in ("In", "NotIn"):
        if not form.values:
            wrong(at, f"lacks `values`, which {form.operator} compares with")
    elif form.values:
        wrong((*at, "values"), f"has no effect with {form.operator}: take it out")
    for i, value in enumerate(form.values):
        _check_value(value, (*at, "values", i), wrong)
    return Requirement(form.key, form.operator, frozenset(form.values))


def _check_key(key: str, path: Path, wrong: Report) -> None:
    prefix, slash, name = key.rpartition("/")
    fits = not slash or (_PREFIX.fullmatch(prefix) and len(prefix) <= _LONGEST_PREFIX)
    if not (fits and _NAME.fullmatch(name)):
        wrong(path, f"is about {shown(key)}, which is no label's key (example.com/team, team)")


def _check_value(value: str, path: Path, wrong: Report) -> None:
    if value and not _NAME.fullmatch(value):
        wrong(path, f"is {shown(value)}, but a label's value is A-Z, a-z, 0-9, -, _ and ., to 63")
