"""Somebody's text as part of a message. Knows nothing of what it says."""

_LONGEST = 200
"""Characters: the beginning of an expression or of a library's reason says which it is."""


def short_line(text: str) -> str:
    """The text on one line, without what can't be seen, and cut if it is long."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
