"""How the demo looks: colours only where they are wanted, any width, and never a token."""

import io
import os
import pty

import pytest

from jwt_to_rbac.sandbox.demo.terminal import Ink, Terminal, rows

TABLE = """\
NAME                  USER                  LAST LOGIN   EXPIRES   READY
janedoe-example-com   janedoe@example.com   5m                     True
johndoe-example-com   johndoe@example.com   2s           1h        True
"""


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        pytest.param({"TERM": "xterm"}, True, id="terminal"),
        pytest.param({"TERM": "xterm", "NO_COLOR": "1"}, False, id="no-color"),
        pytest.param({"TERM": "xterm", "NO_COLOR": ""}, True, id="no-color-empty-means-unset"),
        pytest.param({"TERM": "dumb"}, False, id="dumb"),
    ],
)
def test_colours_on_a_terminal_that_wants_them(environment: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "w") as out:
        assert Terminal.of(out, environment).coloured is coloured


def test_a_file_gets_neither_colours_nor_folding() -> None:
    out = io.StringIO()
    terminal = Terminal.of(out, {"TERM": "xterm"})
    terminal.line("x" * 300, Ink.GOOD)
    assert out.getvalue() == "x" * 300 + "\n"


def test_a_table_that_is_too_wide_is_told_row_by_row() -> None:
    out = io.StringIO()
    Terminal(out, width=60).block(TABLE)
    assert out.getvalue().splitlines() == [
        "    NAME        janedoe-example-com",
        "    USER        janedoe@example.com",
        "    LAST LOGIN  5m",
        "    READY       True",
        "",
        "    NAME        johndoe-example-com",
        "    USER        johndoe@example.com",
        "    LAST LOGIN  2s",
        "    EXPIRES     1h",
        "    READY       True",
    ]


def test_a_table_that_fits_stays_a_table() -> None:
    out = io.StringIO()
    Terminal(out, width=100).block(TABLE)
    assert [line.strip() for line in out.getvalue().splitlines()] == TABLE.splitlines()


def test_what_is_no_table_is_not_taken_for_one() -> None:
    assert rows(["Error from server (Forbidden): nodes is forbidden"]) == []
    assert rows([]) == []


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    out = io.StringIO()
    terminal = Terminal(out, width=width)
    terminal.prose("a sentence of several words " * 10, hanging="✓ ")
    terminal.pairs({"name": "a value of several words " * 5})
    terminal.block("x" * 300)
    assert max(map(len, out.getvalue().splitlines())) <= width


def test_no_token_passes_whatever_is_written() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl"
    out = io.StringIO()
    terminal = Terminal(out, width=80)
    terminal.line(f"Bearer {token}")
    terminal.prose(f"her token is {token}, she says")
    terminal.block(f'{{"token": "{token}"}}')
    assert "eyJ" not in out.getvalue()
    assert "c2lnbmF0dXJl" not in out.getvalue()
