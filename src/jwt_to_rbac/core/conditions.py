"""What is told of an AccessGrant: whether all is as it should be, and what a person must mend. Pure."""

from dataclasses import dataclass

from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.core.plan import AccessPlan

READY, RULES_EVALUATED, FOREIGN_BINDINGS = "Ready", "RulesEvaluated", "ForeignBindings"

MOST = 10
"""Names that a message lists: a status is read by people."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as Kubernetes means it (metav1.Condition).

    `status` is "True" or "False"; `since` is in seconds since 1970, and 0 if it is yet to be told.
    """

    type: str
    status: str
    reason: str
    message: str
    since: int = 0


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of one account beside its plan.

    `refused`: why the person gets nothing, whatever the policy says. `trouble`: what an
    administrator must mend before the plan can be carried out. `absent_roles` are ClusterRoles
    that are bound and don't exist; `foreign` are bindings to the ServiceAccount by others.
    """

    refused: Denial | None = None
    trouble: Denial | None = None
    absent_roles: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()


def conditions(access: AccessPlan, found: Findings) -> tuple[Condition, ...]:
    """Ready, RulesEvaluated, and ForeignBindings where there are some."""
    told = [_ready(access, found), _rules_evaluated(access)]
    if found.foreign:
        told.append(
            Condition(
                FOREIGN_BINDINGS,
                status="True",
                reason="MadeByOthers",
                message=f"Bound to the ServiceAccount by others, beside the policy: "
                f"{_list(found.foreign)}. Delete these bindings, or accept them.",
            )
        )
    return tuple(told)


def _ready(access: AccessPlan, found: Findings) -> Condition:
    for cause in (found.refused, found.trouble):
        if cause is not None:
            return _not_ready(_reason(cause.code), cause.detail)
    if found.absent_roles:
        text = f"Bound, but there are no such ClusterRoles: {_list(found.absent_roles)}. Make them."
        return _not_ready("ClusterRoleAbsent", text)
    if access.absent_namespaces:
        names = _list(access.absent_namespaces)
        text = f"The policy names namespaces that don't exist or are being deleted: {names}."
        return _not_ready("NamespaceAbsent", text)
    return Condition(
        READY, status="True", reason="Applied", message="The cluster holds what the policy says."
    )


def _rules_evaluated(access: AccessPlan) -> Condition:
    """Whether every rule had a value for this person; one that hasn't gives nothing."""
    if not access.failed_rules:
        text = "Every rule of the policy could be evaluated."
        return Condition(RULES_EVALUATED, status="True", reason="Evaluated", message=text)
    failed = "; ".join(f"rule {one}" for one in access.failed_rules)
    text = f"Gives nothing, mend the policy: {failed}"
    return Condition(RULES_EVALUATED, status="False", reason="RuleFailed", message=text)


def _not_ready(reason: str, message: str) -> Condition:
    return Condition(READY, status="False", reason=reason, message=message)


def _reason(code: str) -> str:
    """A code in Kubernetes' spelling: `name_taken` is NameTaken."""
    return "".join(word.capitalize() for word in code.split("_"))


def _list(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
