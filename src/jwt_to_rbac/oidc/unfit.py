"""A claim that can't be taken, and the bounds of text that can."""

MAX_SUBJECT_LENGTH = 1024
"""Characters. OpenID Connect Core 2 says 255, but Dex puts a whole directory name into `sub`, and
those of Active Directory alone may have 255 characters, a third more in base64."""

MAX_NAME_LENGTH = 320
"""Characters: the longest e-mail address, 64 + 1 + 255 (RFC 5321 section 4.5.3.1)."""

MAX_GROUP_LENGTH = 1024
"""Characters: a group may be named by its place in a directory, like a person."""

MAX_GROUPS = 1024
"""Active Directory itself stops at 1,015 groups in one person's logon token."""


class Unfit(ValueError):
    """A claim that can't be taken; the message is what to tell, without the value."""


def text(name: str, value: object, longest: int) -> str:
    """`value` if it is text that may be somebody's name. Raises Unfit."""
    if not isinstance(value, str):
        raise Unfit(f"{name} must be text")
    if not 0 < len(value) <= longest:
        raise Unfit(f"{name} must have 1 to {longest} characters")
    # Controls (CR, LF, NUL), lone surrogates and invisible characters, which split logs and
    # headers, or make two names look alike.
    if not value.isprintable():
        raise Unfit(f"{name} holds control or invisible characters")
    return value
