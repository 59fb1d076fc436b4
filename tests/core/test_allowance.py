"""Allowances: never more than was allowed, whatever the pace; each key its own; bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.core.allowance import Allowance


@given(
    st.integers(1, 20),
    st.floats(0.1, 100.0),
    st.lists(st.floats(0.0, 5.0), min_size=1, max_size=200),
)
def test_never_more_is_taken_than_at_once_and_what_came_back(
    at_once: int, a_second: float, pauses: list[float]
) -> None:
    allowance: Allowance[str] = Allowance(at_once, a_second)
    now, taken = 1000.0, 0
    for pause in pauses:
        now += pause
        wait = allowance.wait("one", now)
        took = allowance.take("one", now)
        assert took == (wait == 0.0)
        taken += took
        assert taken <= at_once + (now - 1000.0) * a_second + 1e-6


@given(st.integers(1, 20), st.floats(0.1, 100.0))
def test_all_of_it_can_be_taken_at_once_and_again_after_the_wait(
    at_once: int, a_second: float
) -> None:
    allowance: Allowance[str] = Allowance(at_once, a_second)
    assert all(allowance.take("one", 5.0) for _ in range(at_once))
    assert not allowance.take("one", 5.0)
    assert allowance.take("other", 5.0)
    wait = allowance.wait("one", 5.0)
    assert 0 < wait <= 1 / a_second + 1e-6
    assert allowance.take("one", 5.0 + wait + 1e-6)


def test_a_flood_of_keys_does_not_grow_it() -> None:
    allowance: Allowance[int] = Allowance(1, 1, most_keys=100)
    for key in range(10_000):
        allowance.take(key, 0.0)
    assert len(allowance) == 100
    assert not allowance.take(9_999, 0.0)


def test_a_key_that_has_all_of_it_is_forgotten() -> None:
    allowance: Allowance[str] = Allowance(1, 1)
    allowance.take("one", 0.0)
    assert allowance.wait("one", 2.0) == 0.0
    assert len(allowance) == 0


def test_a_key_is_forgotten_at_the_moment_when_all_of_its_allowance_is_back() -> None:
    allowance: Allowance[str] = Allowance(2, 1.0)
    assert allowance.take("one", 5.0)
    assert allowance.wait("one", 5.5) == 0.0
    assert len(allowance) == 1
    assert allowance.wait("one", 6.0) == 0.0
    assert len(allowance) == 0
