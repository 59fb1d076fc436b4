"""Durations as Go reads them, and the bounds of a credential's life."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.core.lifetime import TokenLifetimes, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12h30m", 45000.0),
        ("1.5h", 5400.0),
        ("300ms", 0.3),
        ("1h0m0s", 3600.0),
        (".5s", 0.5),
        ("1.s", 1.0),
        ("2us", 2e-6),
        ("2µs", 2e-6),
        ("3ns", 3e-9),
        ("0", 0.0),
        ("-1m", -60.0),
        ("+1m", 60.0),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)
    assert isinstance(parse_duration(text), float)


@pytest.mark.parametrize(
    "text",
    ["", "5", "h", "1d", "1 h", "1h ", "1e3s", "--1m", "٣h", "9999999999h", "1h" * 100, "-", "."],
)
def test_anything_else_is_refused_with_what_was_seen(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_duration(text)
    assert refused.value.code == Code.DURATION_INVALID
    assert repr(text[:64]) in refused.value.detail


def test_a_duration_may_have_64_characters() -> None:
    assert parse_duration("0" * 62 + "1s") == 1.0
    with pytest.raises(InvalidInput):
        parse_duration("0" * 63 + "1s")


def test_a_duration_is_as_long_as_go_can_keep_at_most() -> None:
    """Its own limit is a nanosecond less, which a double can't tell apart."""
    assert parse_duration("2562047h") == 2562047 * 3600.0
    with pytest.raises(InvalidInput):
        parse_duration("9223372036854775808ns")


@given(st.text(max_size=80))
def test_no_text_makes_it_crash(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except InvalidInput:
        return
    assert isinstance(seconds, float)


@given(st.none() | st.floats(min_value=1e-9, max_value=1e12))
def test_the_server_bounds_what_is_asked_for(asked: float | None) -> None:
    assert 1 <= TokenLifetimes(3600.0, 7200.0).bound(asked) <= 7200


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        pytest.param(0.5, 1, id="a-second-at-least"),
        pytest.param(1.9, 1, id="whole-seconds"),
        pytest.param(None, 3600, id="an-hour-unless-asked"),
        pytest.param(1e9, 86400, id="a-day-at-most"),
    ],
)
def test_a_lifetime_is_whole_seconds_within_the_bounds(asked: float | None, given: int) -> None:
    assert TokenLifetimes().bound(asked) == given


@pytest.mark.parametrize("asked", [0.0, -60.0])
def test_a_lifetime_of_nothing_is_refused(asked: float) -> None:
    with pytest.raises(InvalidInput) as refused:
        TokenLifetimes().bound(asked)
    assert refused.value.code == Code.DURATION_INVALID
    assert refused.value.detail == "duration: must be more than nothing."
