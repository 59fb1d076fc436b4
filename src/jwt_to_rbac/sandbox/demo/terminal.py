"""How text is put on a terminal or into a log: colour, width, wrapping. Knows nothing of the demo."""

import os
import re
import shutil
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Self, TextIO

_PROSE = 96
"""Columns at most for sentences: longer lines are hard to read, however wide the terminal."""
_MARGIN = 4
_TOKEN = re.compile(r"(?:eyJ|ZXlK)[\w=+/.-]{12,}")
"""How a JSON Web Token begins, plain or in base64 once more."""


class Ink(Enum):
    """What a colour means here; the values are SGR parameters."""

    HEAD = "1"
    COMMAND = "36"
    GOOD = "32"
    BAD = "31"
    FAINT = "2"


@dataclass(frozen=True)
class Terminal:
    """Somewhere to write. `width` None: a file or a pipe, where nothing is folded.

    No token passes, whatever is written: output ends up in logs, recordings and bug reports.
    """

    out: TextIO
    coloured: bool = False
    width: int | None = None

    @classmethod
    def of(cls, out: TextIO, environment: Mapping[str, str] = os.environ) -> Self:
        """Colours and the width of a terminal; plain text for anything else, or under NO_COLOR."""
        if not out.isatty():
            return cls(out)
        plain = environment.get("NO_COLOR") or environment.get("TERM") == "dumb"
        return cls(out, not plain, shutil.get_terminal_size().columns)

    def line(self, text: str = "", ink: Ink | None = None) -> None:
        """One line, as it is."""
        self.out.write(self.ink(_TOKEN.sub("<token>", text), ink) + "\n")
        self.out.flush()

    def prose(self, text: str, ink: Ink | None = None, hanging: str = "") -> None:
        """Sentences, wrapped below the margin; `hanging` stands before the first line."""
        columns = max(min(self.width or _PROSE, _PROSE), 40)
        first = " " * _MARGIN + hanging
        for line in textwrap.wrap(
            text,
            columns,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_long_words=False,
            break_on_hyphens=False,
        ):
            self.line(line, ink)

    def pairs(self, pairs: Mapping[str, str]) -> None:
        """Names and values in two columns."""
        longest = max(map(len, pairs))
        for name, value in pairs.items():
            self.prose(value or "(none)", hanging=f"{name:{longest}}  ")

    def block(self, text: str, ink: Ink | None = Ink.FAINT) -> None:
        """Lines of a program's output. A table that is too wide is told row by row instead."""
        lines = text.rstrip().splitlines()
        room = self.width and self.width - _MARGIN
        if room and any(len(line) > room for line in lines):
            lines = rows(lines) or [_cut(line, room) for line in lines]
        for line in lines:
            self.line((" " * _MARGIN + line).rstrip(), ink)

    def ink(self, text: str, ink: Ink | None) -> str:
        """`text` in a colour, if there are colours here."""
        return f"\x1b[{ink.value}m{text}\x1b[0m" if ink and self.coloured and text else text


def rows(table: list[str]) -> list[str]:
    """A kubectl table as lines of `COLUMN  value`, a blank line between rows; [] if it is none."""
    heads = list(re.finditer(r"[A-Z]+( [A-Z]+)*", table[0])) if table else []
    if len(heads) < 2 or "".join(table[0].split()) != "".join(
        head.group().replace(" ", "") for head in heads
    ):
        return []
    longest = max(len(head.group()) for head in heads)
    ends = [head.start() for head in heads[1:]] + [None]
    told: list[str] = []
    for row in table[1:]:
        told += [""] if told else []
        for head, end in zip(heads, ends, strict=True):
            value = row[head.start() : end].strip()
            told += [f"{head.group():{longest}}  {value}"] if value else []
    return told


def _cut(line: str, columns: int) -> str:
    return line if len(line) <= columns else line[: columns - 1] + "…"
