"""What looking at an installation found: well, wrong with its mending, or not to be seen."""

from jwt_to_rbac.core.finding import Finding, State, bad, good, unknown


def test_what_was_seen_is_well_wrong_or_unknown() -> None:
    assert good("clock", "agrees") == Finding("clock", State.OK, "agrees", "")
    assert bad("clock", "late", "Use NTP.") == Finding("clock", State.FAILED, "late", "Use NTP.")
    assert unknown("clock", "no Date", "Reach it.") == Finding(
        "clock", State.UNKNOWN, "no Date", "Reach it."
    )
