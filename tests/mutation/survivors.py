"""The committed list of survivors: read, and written where new ones have to be judged."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).parent / "survivors.md"
_ENTRY = re.compile(
    r"### `(?P<function>[\w.]+)`\n```diff\n(?P<lines>.*?)```\n(?P<reason>[^#]*)", re.DOTALL
)


@dataclass(frozen=True, order=True)
class Survivor:
    """A mutant that no test notices: in which function, and the changed lines, `-` before `+`.

    Not mutmut's number, which changes with each line of the function.
    """

    function: str
    lines: tuple[str, ...]
    reason: str = field(default="", compare=False)

    def text(self) -> str:
        lines = "\n".join(self.lines)
        return f"### `{self.function}`\n```diff\n{lines}\n```\n{self.reason}\n"

    def original(self) -> list[str]:
        """The lines of the code as it is, without indentation."""
        return [line[1:].strip() for line in self.lines if line.startswith("-")]


def committed() -> list[Survivor]:
    return [
        Survivor(each["function"], tuple(each["lines"].splitlines()), each["reason"].strip())
        for each in _ENTRY.finditer(FILE.read_text())
    ]


def to_be_judged(found: Iterable[Survivor]) -> list[Survivor]:
    """Those that aren't in the committed list."""
    return sorted(set(found) - set(committed()))
