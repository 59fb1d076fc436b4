"""What is said to people: lines that fit their terminal, commands in one piece, nothing that drives it."""

import os
import pty
import struct
import termios
from fcntl import ioctl
from pathlib import Path

import pytest

from jwt_to_rbac.client.errors import ClientError, Refused, Unreachable
from jwt_to_rbac.client.words import columns, folded

COMMAND = "`jwt-to-rbac login --server=https://login.example.com --cluster=staging`"
SENTENCE = f"You are not logged in here, and nobody can be asked. Run {COMMAND}, then try again."


@pytest.mark.parametrize("width", [76, 80, 120, 200])
def test_lines_fit_the_terminal_and_a_command_stays_in_one_piece(width: int) -> None:
    lines = folded(SENTENCE, width).split("\n")
    assert max(map(len, lines)) <= width
    assert sum(COMMAND in line for line in lines) == 1
    assert " ".join(lines) == SENTENCE


def test_what_is_longer_than_a_line_is_not_broken() -> None:
    url = "https://dex.example.com/auth?" + "x" * 200
    assert folded(f"Open this address yourself, please do it now:\n{url}", 40).split("\n") == [
        "Open this address yourself, please do it",
        "now:",
        url,
    ]


def test_indented_lines_go_on_indented() -> None:
    lines = folded("  one two three four five", 12).split("\n")
    assert lines == ["  one two", "  three four", "  five"]


def test_a_program_gets_the_lines_as_they_are() -> None:
    assert folded(SENTENCE, 0) == SENTENCE
    with Path(os.devnull).open("w") as out:
        assert columns(out) == 0


def test_the_width_is_that_of_the_terminal() -> None:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 57, 0, 0))
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "w") as out:
        assert columns(out) == 57


@pytest.mark.parametrize("width", [0, 80])
def test_what_a_server_says_cannot_drive_the_terminal(width: int) -> None:
    said = folded("refused: \x1b[2J\x1b]0;root\x07\r\u202e", width)
    assert said.isprintable()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(Refused("Your access ended.", "access_expired"), True, id="refused"),
        pytest.param(
            Unreachable("The API server is away.", "cluster_unavailable"), True, id="away"
        ),
        pytest.param(Refused("It said access_denied (no).", "access_denied"), False, id="told"),
        pytest.param(ClientError("Which server?"), False, id="our-own"),
    ],
)
def test_an_error_ends_with_the_code_by_which_it_can_be_looked_up(
    error: ClientError, said: bool
) -> None:
    assert error.said() == (f"{error.detail} ({error.code})" if said else error.detail)
