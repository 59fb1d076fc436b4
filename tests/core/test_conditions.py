"""What an AccessGrant tells people: each cause in words of its own, the gravest first."""

import pytest

from jwt_to_rbac.core.conditions import Condition, Findings, conditions
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.plan import AccessPlan, FailedRule

ALL_WELL = AccessPlan()
EVALUATED = Condition(
    "RulesEvaluated", "True", "Evaluated", "Every rule of the policy could be evaluated."
)


def test_where_all_is_well_two_conditions_say_so() -> None:
    ready = Condition("Ready", "True", "Applied", "The cluster holds what the policy says.")
    assert conditions(ALL_WELL, Findings()) == (ready, EVALUATED)


NO = Denial(Code.ACCESS_EXPIRED, "It has ended.")
TAKEN = Denial(Code.NAME_TAKEN, "Somebody has it.")


@pytest.mark.parametrize(
    ("access", "found", "reason", "message"),
    [
        pytest.param(ALL_WELL, Findings(refused=NO), "AccessExpired", "It has ended.", id="ended"),
        pytest.param(ALL_WELL, Findings(trouble=TAKEN), "NameTaken", "Somebody has it.", id="name"),
        pytest.param(
            ALL_WELL,
            Findings(absent_roles=("a", "b")),
            "ClusterRoleAbsent",
            "Bound, but there are no such ClusterRoles: a, b. Make them.",
            id="no-such-role",
        ),
        pytest.param(
            AccessPlan(absent_namespaces=("gone",)),
            Findings(),
            "NamespaceAbsent",
            "The policy names namespaces that don't exist or are being deleted: gone.",
            id="no-such-namespace",
        ),
        pytest.param(
            AccessPlan(absent_namespaces=("gone",)),
            Findings(NO, TAKEN, ("a",)),
            "AccessExpired",
            "It has ended.",
            id="the-gravest-of-all",
        ),
        pytest.param(
            AccessPlan(absent_namespaces=("gone",)),
            Findings(trouble=TAKEN, absent_roles=("a",)),
            "NameTaken",
            "Somebody has it.",
            id="the-gravest-of-three",
        ),
    ],
)
def test_what_is_not_right_is_told_with_what_to_do(
    access: AccessPlan, found: Findings, reason: str, message: str
) -> None:
    ready = Condition("Ready", "False", reason, message)
    assert conditions(access, found) == (ready, EVALUATED)


def test_rules_without_a_value_are_told_beside_what_was_given() -> None:
    access = AccessPlan(failed_rules=(FailedRule("r", "no key"), FailedRule("s", "no index")))
    ready, evaluated = conditions(access, Findings())
    assert ready.status == "True"
    told = "; ".join(f"rule {one}" for one in access.failed_rules)
    assert evaluated == Condition(
        "RulesEvaluated", "False", "RuleFailed", f"Gives nothing, mend the policy: {told}"
    )


@pytest.mark.parametrize(
    ("number", "listed"),
    [
        pytest.param(1, "b0", id="one"),
        pytest.param(10, "b0, b1, b2, b3, b4, b5, b6, b7, b8, b9", id="as-many-as-are-listed"),
        pytest.param(12, "b0, b1, b2, b3, b4, b5, b6, b7, b8, b9 and 2 more", id="more"),
    ],
)
def test_bindings_by_others_are_listed_for_people(number: int, listed: str) -> None:
    found = Findings(foreign=tuple(f"b{n}" for n in range(number)))
    assert conditions(ALL_WELL, found)[2:] == (
        Condition(
            "ForeignBindings",
            "True",
            "MadeByOthers",
            f"Bound to the ServiceAccount by others, beside the policy: {listed}. "
            "Delete these bindings, or accept them.",
        ),
    )
