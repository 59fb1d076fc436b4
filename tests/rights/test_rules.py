"""What the rules follow from the policy: no rule without something in the policy that needs it."""

import pytest

from jwt_to_rbac.core.policy import (
    Namespaces,
    Policy,
    PolicyRule,
    Rule,
    SelectedNamespaces,
    own_role_name,
)
from jwt_to_rbac.core.selector import LabelSelector
from jwt_to_rbac.kube.installation import Installation
from jwt_to_rbac.kube.rights import cluster_rules

EVERYWHERE = Rule("admins", frozenset({"a"}), "admin")
SOMEWHERE = Rule("helpers", frozenset({"h"}), "view", Namespaces(frozenset({"one", "two"})))
OWN = Rule(
    "devs",
    frozenset({"d"}),
    own_role_name("devs"),
    own_rules=(PolicyRule(("get",), ("",), ("pods",)),),
)


def verbs(resource: str, *rules: Rule, dynamic: bool = False) -> dict[str, tuple[str, ...]]:
    """Each verb on a resource with the names that it is limited to."""
    made = Installation(Policy(rules, dynamic_roles=dynamic), "users", 3600)
    return {
        verb: rule.resource_names
        for rule in cluster_rules(made)
        if resource in rule.resources
        for verb in rule.verbs
    }


@pytest.mark.parametrize(
    ("rule", "resource", "other"),
    [
        pytest.param(EVERYWHERE, "clusterrolebindings", "rolebindings", id="whole-cluster"),
        pytest.param(SOMEWHERE, "rolebindings", "clusterrolebindings", id="namespaces"),
    ],
)
def test_only_the_kind_of_binding_that_the_policy_makes_can_be_made_but_both_are_taken(
    rule: Rule, resource: str, other: str
) -> None:
    assert verbs(resource, rule).keys() == {"list", "watch", "get", "create", "delete"}
    assert verbs(other, rule).keys() == {"list", "watch", "get", "delete"}


def test_a_policy_without_rules_binds_nothing_rather_than_anything() -> None:
    assert verbs("clusterroles").keys() == {"list", "watch"}
    assert verbs("clusterroles", dynamic=True).keys() == {"list", "watch", "delete"}


def test_only_the_policys_roles_can_be_bound() -> None:
    assert verbs("clusterroles", OWN, SOMEWHERE, EVERYWHERE)["bind"] == (
        "admin",
        "devs-from-jwt",
        "view",
    )


def test_roles_are_written_only_if_asked_for_and_only_the_policys_own() -> None:
    assert verbs("clusterroles", OWN, EVERYWHERE).keys() == {"list", "watch", "bind"}
    dynamic = verbs("clusterroles", OWN, EVERYWHERE, dynamic=True)
    assert {dynamic[verb] for verb in ("create", "patch", "escalate")} == {("devs-from-jwt",)}


def test_a_selectors_namespaces_can_be_bound_in_whichever_they_are() -> None:
    chosen = Rule("s", frozenset({"s"}), "view", SelectedNamespaces(LabelSelector()))
    assert Installation(Policy((chosen,)), "users", 3600).bound() == [("*", "view")]
    assert "create" in verbs("rolebindings", chosen)
    assert "create" not in verbs("clusterrolebindings", chosen)


def test_mode_groups_lets_the_policys_groups_and_users_be_bound_and_no_others() -> None:
    made = Installation(Policy((EVERYWHERE, SOMEWHERE), mode="groups"), "users", 3600)
    assert made.standing() == [
        ("Group", "a", "", "admin"),
        ("Group", "h", "one", "view"),
        ("Group", "h", "two", "view"),
    ]
    assert Installation(Policy((EVERYWHERE,)), "users", 3600).standing() == []


def test_what_can_be_bound_is_told_with_its_place() -> None:
    made = Installation(Policy((EVERYWHERE, SOMEWHERE)), "users", 3600)
    assert made.bound() == [("", "admin"), ("one", "view"), ("two", "view")]
