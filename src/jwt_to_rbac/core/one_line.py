"""JSON as one line for whatever reader. Knows nothing of what it says."""

SEPARATORS = tuple((one.encode(), b"\\u%04x" % ord(one)) for one in ("\x85", "\u2028", "\u2029"))
"""What JSON lets stand in a string, and many readers take for the end of a line."""


def one_line(text: bytes) -> bytes:
    """The same JSON, which must have no line feeds between its tokens, with one at its end."""
    if not text.isascii():
        for separator, escaped in SEPARATORS:
            text = text.replace(separator, escaped)
    return text + b"\n"
