"""Times as they are written: to the second, and never beyond what can be written."""

import pytest

from jwt_to_rbac.core.times import LATEST, rfc3339


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1767268800.9, "2026-01-01T12:00:00Z"),
        (LATEST, "9999-12-31T23:59:59Z"),
        (LATEST + 36000, "9999-12-31T23:59:59Z"),
    ],
    ids=["the first", "a part of a second", "the last", "the last, ten hours west of Greenwich"],
)
def test_a_time_is_written_in_whole_seconds(seconds: float, text: str) -> None:
    assert rfc3339(seconds) == text
