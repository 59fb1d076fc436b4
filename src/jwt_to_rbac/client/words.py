"""What is said to the person while something goes on: on the standard error, and not over a picture."""

import sys
import termios
from collections.abc import Callable

Say = Callable[[str], None]


def say(text: str) -> None:
    """A line for the person, unless a program such as k9s draws on their terminal."""
    if not drawn_upon():
        print(text, file=sys.stderr, flush=True)


def drawn_upon() -> bool:
    """Whether the terminal is in raw mode: then a program holds the whole screen."""
    try:
        return not termios.tcgetattr(sys.stderr.fileno())[3] & termios.ICANON
    except (termios.error, OSError, ValueError):
        return False
