"""The plan: who gets what, where and why, and what changes on a cluster to get there."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.core.difference import HeldGrant, difference
from jwt_to_rbac.core.expression import Expression, ExpressionFailed
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.plan import (
    AccessPlan,
    FailedRule,
    Grant,
    MatchedRule,
    PlannedGrant,
    plan,
)
from jwt_to_rbac.core.policy import (
    Namespaces,
    Policy,
    PolicyRule,
    Rule,
    SelectedNamespaces,
    WholeCluster,
    own_role_name,
)
from jwt_to_rbac.core.selector import LabelSelector, NamespaceLabels, Requirement

NOWHERE = NamespaceLabels()
READ_PODS = (PolicyRule(("get", "list"), ("",), ("pods",)),)
ADMINS = Rule("admins", frozenset({"admins"}), "admin")
DEVELOPERS = Rule(
    "developers", frozenset({"developers"}), own_role_name("developers"), own_rules=READ_PODS
)


def person(*groups: str) -> Person:
    return Person(Identity("https://i", "s"), "jane", groups=tuple(sorted(groups)))


def test_each_grant_names_the_rule_that_gives_it() -> None:
    access = plan(person("admins", "developers"), Policy((ADMINS, DEVELOPERS)), NOWHERE)
    assert access.grants == (
        PlannedGrant(Grant("admin"), "admins"),
        PlannedGrant(Grant("developers-from-jwt"), "developers"),
    )


def test_a_group_that_matched_nothing_is_named() -> None:
    access = plan(person("admins", "cooks"), Policy((ADMINS,)), NOWHERE)
    assert access.unmatched_groups == ("cooks",)


def test_people_of_an_issuer_that_is_dropped_get_nothing_and_others_all() -> None:
    dropped = Policy((ADMINS,), issuers=frozenset({"https://other"}))
    assert plan(person("admins", "x"), dropped, NOWHERE) == AccessPlan(
        unmatched_groups=("admins", "x")
    )
    kept = Policy((ADMINS,), issuers=frozenset({"https://i", "https://other"}))
    assert plan(person("admins"), kept, NOWHERE).grants == (PlannedGrant(Grant("admin"), "admins"),)


def test_nobody_gets_anything_without_a_matching_group() -> None:
    assert plan(person("Admins", "admins "), Policy((ADMINS,)), NOWHERE).grants == ()


def test_a_rule_for_namespaces_gives_a_grant_in_each_that_exists_and_names_the_others() -> None:
    rule = Rule("r", frozenset({"g"}), "view", Namespaces(frozenset({"a", "b", "gone"})))
    access = plan(person("g"), Policy((rule,)), NamespaceLabels({"a": {}, "b": {}, "other": {}}))
    assert access == AccessPlan(
        (PlannedGrant(Grant("view", "a"), "r"), PlannedGrant(Grant("view", "b"), "r")),
        (),
        ("gone",),
        (),
        (MatchedRule("r", "view", ("g",), (Grant("view", "a"), Grant("view", "b")), ("gone",)),),
    )


def test_a_bare_name_from_github_counts_for_nothing_with_the_issuers_prefix_either() -> None:
    stranger = replace(person("dex:admins"), connector="github")
    rule = Rule("r", frozenset({"dex:admins"}), "admin")
    policy = Policy((rule,), group_prefixes={stranger.identity.issuer: "dex:"})
    assert plan(stranger, policy, NOWHERE).grants == ()


def test_two_rules_for_one_grant_give_it_once_for_the_first_reason() -> None:
    again = Rule("again", frozenset({"developers"}), "admin")
    access = plan(person("admins", "developers"), Policy((ADMINS, again)), NOWHERE)
    assert access.grants == (PlannedGrant(Grant("admin"), "admins"),)
    assert access.matched_rules == (
        MatchedRule("admins", "admin", ("admins",), (Grant("admin"),)),
        MatchedRule("again", "admin", ("developers",), (Grant("admin"),)),
    )


def test_a_rule_names_those_of_a_persons_groups_by_which_it_is_for_them() -> None:
    rule = Rule("r", frozenset({"c", "a", "other"}), "view")
    by_itself = Rule("self", frozenset(), "edit", when=Expression("yes", lambda _: True))
    access = plan(person("a", "b", "c"), Policy((rule, by_itself)), NOWHERE)
    assert [one.groups for one in access.matched_rules] == [("a", "c"), ()]


def test_every_rule_counts_whichever_before_it_gives_nothing() -> None:
    def unsure(_: Mapping[str, object]) -> object:
        raise ExpressionFailed("no such key")

    groups = frozenset({"g"})
    other = Rule("other", frozenset({"cooks"}), "edit")
    fails = Rule("fails", groups, "edit", when=Expression("unsure", unsure))
    no = Rule("no", groups, "edit", when=Expression("no", lambda _: False))
    nowhere = Rule("nowhere", groups, "edit", Namespaces(frozenset({"gone"})))
    also = Rule("also", frozenset({"h"}), "edit", Namespaces(frozenset({"lost"})))
    last = Rule("last", groups, "view")
    access = plan(person("g", "h"), Policy((other, fails, no, nowhere, also, last)), NOWHERE)
    assert access == AccessPlan(
        (PlannedGrant(Grant("view"), "last"),),
        (),
        ("gone", "lost"),
        (FailedRule("fails", "no such key"),),
        (
            MatchedRule("nowhere", "edit", ("g",), (), ("gone",)),
            MatchedRule("also", "edit", ("h",), (), ("lost",)),
            MatchedRule("last", "view", ("g",), (Grant("view"),)),
        ),
    )


def test_an_expression_sees_a_person_and_only_the_groups_that_may_be_believed() -> None:
    seen: dict[str, object] = {}

    def look(variables: Mapping[str, object]) -> object:
        seen.update(variables)
        return True

    rule = Rule("r", frozenset(), "view", when=Expression("look", look))
    identity = Identity("https://i", "s")
    jane = Person(identity, "jane", "j@e", ("a", "org:b", "path:c"), "gitlab", "7")
    assert plan(jane, Policy((rule,), github_org="org"), NOWHERE).grants
    assert seen == {
        "user.issuer": "https://i",
        "user.subject": "s",
        "user.username": "jane",
        "user.email": "j@e",
        "user.groups": ["a", "path:c"],
        "user.connector": "gitlab",
        "user.userID": "7",
    }


def test_an_expression_that_is_neither_true_nor_false_gives_nothing_and_says_so() -> None:
    rule = Rule("r", frozenset(), "view", when=Expression("text", lambda _: "true"))
    access = plan(person(), Policy((rule,)), NOWHERE)
    assert access == AccessPlan(failed_rules=(FailedRule("r", "it is neither true nor false"),))


def test_gitlabs_group_of_the_organisations_name_matches_no_rule() -> None:
    stranger = replace(person("org:admins"), connector="gitlab")
    rule = Rule("r", frozenset({"org:admins"}), "admin")
    assert plan(stranger, Policy((rule,), github_org="org"), NOWHERE).grants == ()
    assert plan(stranger, Policy((rule,), github_org="other"), NOWHERE).grants


def test_a_role_with_rules_of_its_own_is_the_programs_and_another_is_not() -> None:
    assert Policy((ADMINS, DEVELOPERS)).own_roles() == {"developers-from-jwt": READ_PODS}


def test_a_selector_never_reaches_the_accounts_own_namespace() -> None:
    everywhere = Rule("r", frozenset({"g"}), "edit", SelectedNamespaces(LabelSelector()))
    policy = Policy((everywhere,), accounts_namespace="people")
    access = plan(person("g"), policy, NamespaceLabels({"people": {}, "shop": {}}))
    assert access.wanted() == {Grant("edit", "shop")}


def test_a_namespace_made_later_is_covered_by_the_next_plan() -> None:
    team = LabelSelector((Requirement("team", "In", frozenset({"shop"})),))
    policy = Policy((Rule("r", frozenset({"g"}), "edit", SelectedNamespaces(team)),))
    before = NamespaceLabels({"other": {"team": "bank"}})
    after = NamespaceLabels({**before, "new": {"team": "shop"}})
    assert plan(person("g"), policy, before).grants == ()
    assert plan(person("g"), policy, after).wanted() == {Grant("edit", "new")}
    # And once more, from what the picture remembers.
    assert plan(person("g"), policy, after).wanted() == {Grant("edit", "new")}


def test_one_picture_asks_a_selector_of_each_namespace_once() -> None:
    class Counting(dict[str, str]):
        asked = 0

        def __contains__(self, key: object) -> bool:
            Counting.asked += 1
            return super().__contains__(key)

    namespaces = NamespaceLabels({"a": Counting(team="shop")})
    for _ in range(3):
        team = LabelSelector((Requirement("team", "Exists"),))
        assert namespaces.chosen_by(team) == ("a",)
    assert Counting.asked == 1


NAMES = st.sampled_from(["a", "b", "c"])
LABELS = st.dictionaries(NAMES, NAMES)
REQUIREMENTS = st.builds(
    Requirement,
    NAMES,
    st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
    st.frozensets(NAMES),
)
SELECTORS = st.builds(LabelSelector, st.lists(REQUIREMENTS, max_size=3).map(tuple))
CLUSTERS = st.builds(NamespaceLabels, st.dictionaries(NAMES, LABELS))
RULES = st.builds(
    Rule,
    NAMES,
    st.frozensets(NAMES, min_size=1),
    st.sampled_from(["view", "edit"]),
    st.just(WholeCluster())
    | st.builds(Namespaces, st.frozensets(NAMES))
    | st.builds(SelectedNamespaces, SELECTORS),
)
POLICIES = st.builds(Policy, st.lists(RULES, max_size=5).map(tuple))
GROUPS = st.frozensets(NAMES)


@given(POLICIES, GROUPS, GROUPS, CLUSTERS)
def test_fewer_groups_never_give_more(
    policy: Policy, groups: frozenset[str], lost: frozenset[str], namespaces: NamespaceLabels
) -> None:
    before = plan(person(*groups), policy, namespaces).wanted()
    after = plan(person(*(groups - lost)), policy, namespaces).wanted()
    assert after <= before


HELD = st.builds(
    HeldGrant,
    st.builds(Grant, st.sampled_from(["view", "edit"]), st.sampled_from(["", "a"])),
    NAMES,
    st.booleans(),
)


@given(st.frozensets(HELD.map(lambda h: h.grant)), st.sets(HELD))
def test_after_the_changes_the_cluster_holds_exactly_what_is_wanted(
    wanted: frozenset[Grant], held: set[HeldGrant]
) -> None:
    changes = difference(wanted, held)
    left = held - set(changes.revoke)
    assert all(one.intact for one in left)
    end = [one.grant for one in left] + list(changes.bind)
    assert sorted(end) == sorted(wanted)


@given(st.frozensets(HELD.map(lambda h: h.grant)), st.sets(HELD))
def test_stopping_after_any_revocation_leaves_no_more_than_before(
    wanted: frozenset[Grant], held: set[HeldGrant]
) -> None:
    changes = difference(wanted, held)
    for done in range(len(changes.revoke) + 1):
        left = {one.grant for one in held - set(changes.revoke[:done])}
        assert left <= {one.grant for one in held}


def test_a_binding_that_somebody_altered_is_made_anew() -> None:
    altered = HeldGrant(Grant("view"), "x", intact=False)
    changes = difference(frozenset({Grant("view")}), [altered])
    assert (changes.revoke, changes.bind) == ((altered,), (Grant("view"),))


@pytest.mark.parametrize("grant", [Grant("view"), Grant("view", "a")], ids=["cluster", "namespace"])
def test_nothing_changes_where_all_is_right(grant: Grant) -> None:
    assert not difference(frozenset({grant}), [HeldGrant(grant, "x")])


def test_something_changes_where_one_grant_is_too_many_or_missing() -> None:
    view = Grant("view")
    assert difference(frozenset(), [HeldGrant(view, "x")])
    assert difference(frozenset({view}), [])
