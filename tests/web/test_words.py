"""Times and durations read as people say them."""

import pytest

from jwt_to_rbac.web.words import distance, length, moment

NOW = 1_800_000_000


def test_a_moment_is_told_in_utc_in_any_locale() -> None:
    assert moment(NOW) == "15 Jan 2027, 08:00 UTC"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "1 second"),
        (45, "45 seconds"),
        (600, "10 minutes"),
        (5400, "1 hour 30 minutes"),
        (86400, "1 day"),
        (2 * 86400 + 3600 + 60, "2 days 1 hour"),
    ],
)
def test_a_length_is_told_by_its_two_largest_units(seconds: int, said: str) -> None:
    assert length(seconds) == said


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (0, "just now"),
        (20, "in less than a minute"),
        (3599, "in 1 hour"),
        (-3599, "1 hour ago"),
        (-90, "2 minutes ago"),
        (3 * 86400, "in 3 days"),
    ],
)
def test_a_distance_is_told_roughly(away: int, said: str) -> None:
    assert distance(NOW + away, NOW) == said
