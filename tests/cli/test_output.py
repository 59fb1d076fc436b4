"""What commands print: tables that no directory entry can spoil, times that people can read."""

import json

import pytest

from jwt_to_rbac.cli.output import pairs, show, table, until


def test_a_table_has_kubectls_form() -> None:
    assert table(("NAME", "GROUPS"), [("jane", ["a", "b"]), ("x", [])]).splitlines() == [
        "NAME   GROUPS",
        "jane   a, b",
        "x      -",
    ]


def test_what_is_in_a_directory_cannot_drive_the_terminal() -> None:
    nasty = "jane\x1b[2J\nroot\u202e\x07"
    for text in (table(("NAME",), [(nasty,)]), pairs({"Name": nasty})):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
        assert len(text.splitlines()) <= 2


def test_nothing_is_said_in_words() -> None:
    assert table(("NAME",), [], "Nobody.") == "Nobody."


@pytest.mark.parametrize(
    ("time", "said"),
    [
        pytest.param("2026-01-01T12:00:30Z", "30s", id="seconds"),
        pytest.param("2026-01-01T12:01:30Z", "90s", id="not-one-minute"),
        pytest.param("2026-01-01T13:30:00Z", "90m", id="minutes"),
        pytest.param("2026-01-01T09:00:00Z", "3h ago", id="hours-ago"),
        pytest.param("2026-01-11T12:00:00Z", "10d", id="days"),
        pytest.param("2026-01-11T14:00:00+02:00", "10d", id="zone"),
        pytest.param(None, "-", id="none"),
    ],
)
def test_times_are_told_as_durations(time: str | None, said: str) -> None:
    assert until(time, 1767268800) == said


@pytest.mark.parametrize(
    ("output", "said"),
    [
        pytest.param("table", "the table\n", id="table"),
        pytest.param("name", "a\nb\n", id="name"),
        pytest.param("yaml", "items:\n- a\n- b\n", id="yaml"),
        pytest.param("json", json.dumps({"items": ["a", "b"]}, indent=2) + "\n", id="json"),
    ],
)
def test_each_output_has_its_form(
    capsys: pytest.CaptureFixture[str], output: str, said: str
) -> None:
    show(output, {"items": ["a", "b"]}, "the table", ["a", "b"])
    assert capsys.readouterr().out == said
