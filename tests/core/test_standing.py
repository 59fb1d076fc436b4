"""Mode groups: what becomes a binding for a Group or a User, and what must change for it."""

import pytest

from jwt_to_rbac.core.expression import Expression
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.plan import Grant, plan
from jwt_to_rbac.core.policy import Namespaces, Policy, Rule, SelectedNamespaces
from jwt_to_rbac.core.selector import LabelSelector, NamespaceLabels
from jwt_to_rbac.core.standing import (
    HeldStanding,
    StandingGrant,
    Subject,
    standing_changes,
    standing_grants,
    users_named,
)

NAMESPACES = NamespaceLabels({"one": {}, "two": {}})
RULES = (
    Rule("both", frozenset({"a", "b"}), "view"),
    Rule("again", frozenset({"a"}), "view"),
    Rule("some", frozenset({"a"}), "edit", Namespaces(frozenset({"one", "absent"}))),
)
A_VIEW = StandingGrant(Subject("Group", "a"), Grant("view"))
B_VIEW = StandingGrant(Subject("Group", "b"), Grant("view"))
A_EDIT = StandingGrant(Subject("Group", "a"), Grant("edit", "one"))


def test_each_group_of_a_rule_has_its_own_and_the_first_rule_is_the_reason() -> None:
    found = standing_grants(Policy(RULES, mode="groups"), NAMESPACES)
    assert found == {A_VIEW: "both", B_VIEW: "both", A_EDIT: "some"}


def test_users_that_a_rule_names_have_theirs_and_a_rule_that_asks_both_gives_nothing() -> None:
    named = Expression("user.username in ['j', 'k']", lambda _: True)
    users = Rule("users", frozenset(), "view", when=named)
    both = Rule("both", frozenset({"a"}), "view", when=named)
    found = standing_grants(Policy((users, both), mode="groups"), NAMESPACES)
    assert found == {
        StandingGrant(Subject("User", name), Grant("view")): "users" for name in ("j", "k")
    }


def test_no_selector_gives_a_group_anything_where_the_accounts_live() -> None:
    rule = Rule("all", frozenset({"a"}), "edit", SelectedNamespaces(LabelSelector()))
    policy = Policy((rule,), accounts_namespace="two", mode="groups")
    assert standing_grants(policy, NAMESPACES) == {A_EDIT: "all"}


def test_under_the_other_mode_groups_hold_nothing_and_under_this_one_people_do() -> None:
    person = Person(Identity("i", "s"), "jane", groups=("a",))
    assert standing_grants(Policy(RULES), NAMESPACES) == {}
    assert plan(person, Policy(RULES), NAMESPACES).grants
    assert not plan(person, Policy(RULES, mode="groups"), NAMESPACES).grants


@pytest.mark.parametrize(
    ("expression", "users"),
    [
        pytest.param("user.username == 'jane'", ["jane"], id="one"),
        pytest.param(' user.username=="j" ', ["j"], id="double-quotes"),
        pytest.param("user.username in ['a', \"b\" ,]", ["a", "b"], id="several"),
        pytest.param("user.username == 'a' || true", [], id="more-than-that"),
        pytest.param("user.username != 'a'", [], id="all-others"),
        pytest.param("!(user.username == 'a')", [], id="negated"),
        pytest.param("user.username == 'a\\'b'", [], id="an-escape"),
        pytest.param("user.email == 'a'", [], id="not-the-user-name"),
        pytest.param("user.username in []", [], id="nobody"),
        pytest.param("user.username == 'a' // or", [], id="a-comment"),
    ],
)
def test_only_an_expression_that_just_names_users_is_one_of_users(
    expression: str, users: list[str]
) -> None:
    assert users_named(expression) == users


def test_an_expression_beside_groups_is_no_binding() -> None:
    when = Expression("user.username == 'a'", lambda variables: True)
    rule = Rule("r", frozenset({"g"}), "view", when=when)
    assert standing_grants(Policy((rule,), mode="groups"), NAMESPACES) == {}


def test_spoiled_and_doubled_bindings_are_taken_and_made_anew() -> None:
    wanted = {A_VIEW: "both", B_VIEW: "both"}
    spoiled = HeldStanding(A_VIEW, "x", intact=False)
    kept, double = HeldStanding(B_VIEW, "y"), HeldStanding(B_VIEW, "z")
    old = HeldStanding(A_EDIT, "w")
    changes = standing_changes(wanted, [double, old, spoiled, kept])
    assert set(changes.take) == {spoiled, double, old}
    assert changes.give == (A_VIEW,)
