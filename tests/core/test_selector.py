"""Label selectors choose what Kubernetes' own would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.core.selector import LabelSelector, NamespaceLabels, Operator, Requirement

WORDS = st.sampled_from(["", "a", "b", "c"])
LABELS = st.dictionaries(WORDS, WORDS)
OPERATORS: list[Operator] = ["In", "NotIn", "Exists", "DoesNotExist"]
REQUIREMENTS = st.lists(st.tuples(WORDS, st.sampled_from(OPERATORS), st.frozensets(WORDS)))


@pytest.mark.parametrize(
    ("operator", "absent", "equal", "other"),
    [
        pytest.param("In", False, True, False, id="in"),
        pytest.param("NotIn", True, False, True, id="not-in-matches-an-absent-label"),
        pytest.param("Exists", False, True, True, id="exists"),
        pytest.param("DoesNotExist", True, False, False, id="does-not-exist"),
    ],
)
def test_an_operator(operator: Operator, absent: bool, equal: bool, other: bool) -> None:
    values = frozenset({"x"}) if operator in ("In", "NotIn") else frozenset[str]()
    selector = LabelSelector((Requirement("team", operator, values),))
    assert selector.matches({}) is absent
    assert selector.matches({"team": "x"}) is equal
    assert selector.matches({"team": "y"}) is other


@given(REQUIREMENTS, st.dictionaries(WORDS, LABELS))
def test_a_selector_chooses_what_a_plain_reading_of_its_rules_does(
    requirements: list[tuple[str, Operator, frozenset[str]]], namespaces: dict[str, dict[str, str]]
) -> None:
    def chosen(labels: dict[str, str]) -> bool:
        for key, operator, values in requirements:
            held = {labels[key]} if key in labels else set()
            right = {
                "In": bool(held & values),
                "NotIn": not held & values,
                "Exists": bool(held),
                "DoesNotExist": not held,
            }
            if not right[operator]:
                return False
        return True

    selector = LabelSelector(tuple(Requirement(*each) for each in requirements))
    seen = NamespaceLabels(namespaces)
    expected = {name for name, labels in namespaces.items() if chosen(labels)}
    # Twice: what is remembered is what was found.
    assert set(seen.chosen_by(selector)) == expected
    assert set(seen.chosen_by(selector)) == expected
