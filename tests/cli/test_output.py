"""What commands print: tables that no directory entry can spoil, times that people can read."""

import json

import pytest

from jwt_to_rbac.cli.output import grants, pairs, show, table, unmatched, until


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


PEOPLE = [
    ("janedoe-example-com", "janedoe@example.com", ["admins", "developers"], 3, "5m ago"),
    ("kim-example-com", "kim@example.com", [f"team-{i}" for i in range(200)], 1, "3d ago"),
]
HEAD = ("NAME", "USER", "GROUPS", "SESSIONS", "LAST LOGIN")


@pytest.mark.parametrize("width", [60, 72, 80, 100, 160])
def test_a_table_fits_the_terminal_and_names_stay_whole(width: int) -> None:
    lines = table(HEAD, PEOPLE, width=width, spare=["USER", "SESSIONS"]).splitlines()
    assert max(map(len, lines)) <= width
    assert [line.split()[0] for line in lines] == ["NAME", "janedoe-example-com", "kim-example-com"]
    assert "…" in lines[2]
    columns = [lines[0].index(word) for word in lines[0].split("   ") if word.strip()]
    assert all(line[c - 1] == " " for line in lines for c in columns[1:]), "aligned"


def test_a_narrow_terminal_loses_the_columns_that_matter_least_first() -> None:
    heads = [
        table(HEAD, PEOPLE, width=width, spare=["USER", "SESSIONS"]).partition("\n")[0].split("   ")
        for width in (100, 60, 50)
    ]
    assert [[word.strip() for word in head if word.strip()] for head in heads] == [
        ["NAME", "USER", "GROUPS", "SESSIONS", "LAST LOGIN"],
        ["NAME", "GROUPS", "SESSIONS", "LAST LOGIN"],
        ["NAME", "GROUPS", "LAST LOGIN"],
    ]


def test_a_program_gets_every_column_and_every_cell_whole() -> None:
    said = table(HEAD, PEOPLE, spare=["USER", "SESSIONS"])
    assert "team-199" in said
    assert "kim@example.com" in said


def test_two_hundred_groups_are_no_wall_of_text() -> None:
    groups = [f"a-team-with-a-long-name-{i}" for i in range(200)]
    person = {"grants": [], "unmatchedGroups": groups}
    said = f"{pairs({'Username': 'kim', 'Groups': groups}, 80)}\n{grants(person, 80)}"
    lines = said.splitlines()
    assert len(lines) < 24, "one screen"
    assert max(map(len, lines)) <= 80
    assert " ".join(said.split()).count("and 180 more (-o yaml shows all)") == 2
    assert lines[2].startswith("           a-team"), "below the value that it goes on with"
    assert "a-team-with-a-long-name-199" in pairs({"Groups": groups})


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        pytest.param([], [], id="none"),
        pytest.param(["cooks"], ["group cooks: no rule names it"], id="one"),
        pytest.param(["a", "b\x1b"], ["groups a, b\ufffd: no rule names them"], id="several"),
    ],
)
def test_groups_that_give_nothing_are_told(groups: list[str], said: list[str]) -> None:
    assert unmatched(groups) == said


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
