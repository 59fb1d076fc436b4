"""The table of what roles allow says, cell by cell, what the RBAC authorizer would decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.core.authorization import PathRequest, ResourceRequest, allows
from jwt_to_rbac.core.permissions import Line, _said_by, giving, other_verbs, permissions
from jwt_to_rbac.core.policy import PolicyRule

READ = ("get", "list", "watch")
VERBS = ("get", "list", "delete")


def several(values: list[str], least: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=2, unique=True).map(tuple)


RULES = st.builds(
    PolicyRule,
    several([*VERBS, "impersonate", "*"]),
    several(["", "apps", "*"]),
    several(["pods", "pods/log", "deployments", "*", "*/log"]),
    several(["one", "two"], 0),
)
PATHS = st.builds(
    PolicyRule,
    several([*VERBS, "*"]),
    non_resource_urls=several(["/healthz", "/healthz/*", "/metrics", "/*", "*"]),
)
ROLES = st.lists(st.lists(RULES, max_size=3).map(tuple), min_size=1, max_size=3)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """What another test asked for answers nothing here: a mutant's tests begin where all have run."""
    permissions.cache_clear()
    _said_by.cache_clear()


@given(ROLES)
def test_each_cell_names_just_those_whose_rules_allow_it(
    roles: list[tuple[PolicyRule, ...]],
) -> None:
    for line in permissions(tuple(enumerate(roles))).lines:
        for asked in line.resources:
            resource, _, sub = asked.partition("/")
            for name in line.names or ("of no rule",):
                for verb in ("get", "list", "delete", "impersonate", "of no rule"):
                    request = ResourceRequest(verb, line.api_group, resource, sub, name=name)
                    allowed = tuple(
                        number
                        for number, rules in enumerate(roles)
                        if any(allows(rule, request) for rule in rules)
                    )
                    assert giving(line.given, verb) == allowed, (line, request)


@given(ROLES)
def test_whatever_a_rule_names_has_a_line(roles: list[tuple[PolicyRule, ...]]) -> None:
    lines = permissions(tuple(enumerate(roles))).lines
    seen = {(line.api_group, resource) for line in lines for resource in line.resources}
    assert seen == {
        (group, resource)
        for rules in roles
        for rule in rules
        for group in rule.api_groups
        for resource in rule.resources
    }
    for one in lines:
        assert one.given
        assert list(one.resources) == sorted(set(one.resources))


@given(st.lists(st.lists(PATHS, max_size=3).map(tuple), min_size=1, max_size=3))
def test_each_path_names_just_those_whose_rules_allow_it(
    roles: list[tuple[PolicyRule, ...]],
) -> None:
    for line in permissions(tuple(enumerate(roles))).paths:
        for verb in (*VERBS, "put"):
            request = PathRequest(verb, line.path.rstrip("*") if line.path != "*" else "*")
            allowed = tuple(
                number
                for number, rules in enumerate(roles)
                if any(allows(rule, request) for rule in rules)
            )
            assert set(giving(line.given, verb)) <= set(allowed)
            if not line.path.endswith("*"):
                assert giving(line.given, verb) == allowed


def test_resources_that_allow_the_same_stand_in_one_line() -> None:
    viewer = PolicyRule(READ, ("", "apps"), ("services", "pods"))
    editor = PolicyRule(("create",), ("",), ("pods", "services", "secrets"))
    assert permissions(((3, (viewer,)), (5, (editor,)))).lines == (
        Line("", ("pods", "services"), (), {"create": (5,), "get": (3,), "list": (3,), "watch": (3,)}),
        Line("", ("secrets",), (), {"create": (5,)}),
        Line("apps", ("pods", "services"), (), {"get": (3,), "list": (3,), "watch": (3,)}),
    )  # fmt: skip


def test_names_that_allow_the_same_stand_in_one_line_and_none_says_nothing_new() -> None:
    some = PolicyRule(("get",), ("",), ("secrets",), ("b", "a"))
    every = PolicyRule(("get",), ("",), ("secrets",))
    assert permissions(((0, (some,)),)).lines == (
        Line("", ("secrets",), ("a", "b"), {"get": (0,)}),
    )
    assert permissions(((0, (some, every)),)).lines == (Line("", ("secrets",), (), {"get": (0,)}),)


def test_a_verb_without_a_column_is_told_beside_them() -> None:
    (line,) = permissions(((0, (PolicyRule(("get", "bind", "*"), ("",), ("x",)),)),)).lines
    assert other_verbs(line.given, ("get",)) == ["*", "bind"]
    assert giving(line.given, "get") == giving(line.given, "watch") == (0,)
