"""The picture's layout: nothing hides anything, everything fits, and much is made little."""

from itertools import combinations

import pytest

from jwt_to_rbac.core.plan import AccessPlan, Grant, MatchedRule
from jwt_to_rbac.usecases.access_seen import AccessSeen, RuleSeen
from jwt_to_rbac.web.picture import Picture, draw


def seen(*rules: MatchedRule, idle: tuple[str, ...] = (), exists: bool = True) -> AccessSeen:
    shown = tuple(RuleSeen(number, rule, exists, False) for number, rule in enumerate(rules, 1))
    return AccessSeen(AccessPlan(matched_rules=rules), shown, (), idle)


def reading(name: str, groups: tuple[str, ...], *namespaces: str) -> MatchedRule:
    grants = tuple(Grant("view", namespace) for namespace in namespaces or ("",))
    return MatchedRule(name, "view", groups, grants)


def texts(picture: Picture) -> list[str]:
    return [box.text for box in picture.boxes]


MANY = seen(
    *(
        reading(f"rule-{n}", (f"group-{n}", f"group-{n + 50}"), *(f"ns-{n}-{m}" for m in range(n)))
        for n in range(50)
    ),
    idle=tuple(f"idle-{n}" for n in range(100)),
)


@pytest.mark.parametrize(
    "access",
    [
        pytest.param(seen(), id="nothing"),
        pytest.param(seen(idle=("a", "b")), id="nothing-matched"),
        pytest.param(seen(reading("r", ("g",))), id="one"),
        pytest.param(seen(reading("r", ("g",)), exists=False), id="missing"),
        pytest.param(seen(reading("r", tuple("abcdefg")), reading("s", ("a",))), id="groups"),
        pytest.param(MANY, id="many"),
    ],
)
def test_no_box_lies_on_another_nor_outside(access: AccessSeen) -> None:
    picture = draw(access)
    for one, other in combinations(picture.boxes, 2):
        apart = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert one.x != other.x or apart, (one, other)
    for box in picture.boxes:
        assert box.y >= 20, "below the columns' titles"
        assert box.y + box.height <= picture.height
        assert box.x + picture.box_width <= picture.width


def test_a_rules_role_stands_beside_it() -> None:
    picture = draw(MANY)
    rules = [box for box in picture.boxes if box.x == 280]
    roles = [box for box in picture.boxes if box.x == 560]
    assert [box.middle for box in rules] == [box.middle for box in roles]


def test_many_groups_of_one_rule_are_one_box_that_names_all() -> None:
    picture = draw(seen(reading("r", ("a", "b", "c", "d")), idle=("e", "f", "g", "h", "i")))
    assert texts(picture)[:2] == ["4 groups", "5 groups"]
    assert picture.boxes[0].full == "a, b, c, d"
    assert texts(draw(seen(reading("r", ("a", "b", "c")))))[:3] == ["a", "b", "c"]


def test_many_namespaces_of_one_rule_are_one_box_that_names_all() -> None:
    picture = draw(seen(reading("r", ("g",), "a", "b", "c", "d"), reading("s", ("g",), "a")))
    assert texts(picture)[-2:] == ["4 namespaces", "a"]


def test_two_rules_for_one_namespace_lead_to_one_box() -> None:
    picture = draw(seen(reading("r", ("g",), "a"), reading("s", ("g",), "a")))
    assert texts(picture) == ["g", "1 r", "2 s", "view", "view", "a"]
    assert len(picture.ways) == 2 + 2 + 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cn=platform,dc=example,dc=org", "cn=platform…ple,dc=org"),
        ("short", "short"),
        ("平台工程师团队負責人全員", "平台工程师…負責人全員"),
    ],
    ids=["long", "short", "wide"],
)
def test_a_long_name_keeps_both_its_ends(name: str, text: str) -> None:
    box = draw(seen(reading("r", (name,)))).boxes[0]
    assert (box.text, box.full) == (text, name)
