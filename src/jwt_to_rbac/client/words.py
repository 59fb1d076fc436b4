"""What is said to the person while something goes on: on the standard error, and not over a picture."""

import os
import re
import sys
import termios
from collections.abc import Callable
from typing import TextIO

Say = Callable[[str], None]

_CODE = re.compile(r"`[^`\n]*`")
_KEPT = "\ue000"
"""Stands for a space that is no place to break (a private-use character; no message has one)."""


def say(text: str) -> None:
    """A message for the person, unless a program such as k9s draws on their terminal."""
    if not drawn_upon():
        print(folded(text, columns(sys.stderr)), file=sys.stderr, flush=True)


def drawn_upon() -> bool:
    """Whether the terminal is in raw mode: then a program holds the whole screen."""
    try:
        return not termios.tcgetattr(sys.stderr.fileno())[3] & termios.ICANON
    except (termios.error, OSError, ValueError):
        return False


def columns(stream: TextIO) -> int:
    """The width of the terminal that this goes to; 0 where it is none, and nothing is folded."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return 0


def folded(text: str, width: int) -> str:
    """Lines of at most `width` characters (0: as they are), broken between words.

    What is in backticks, a command to be copied, stays in one piece, as any word does that is
    longer than a line. Nothing in it drives the terminal: some of it comes from a server.
    """
    text = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    if not width:
        return text
    lines = _CODE.sub(lambda code: code[0].replace(" ", _KEPT), text).split("\n")
    return "\n".join(_folded(line, width) for line in lines).replace(_KEPT, " ")


def _folded(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    # Imported here: kubectl's plugin says something only now and then.
    import textwrap

    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
