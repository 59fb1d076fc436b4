#!/usr/bin/env python3
"""Writes the man page from what the commands say of themselves; no text of its own but the frame.

`make man` puts it into docs/; a test compares.
"""

import re
import sys
from collections.abc import Iterator

from jwt_to_rbac.cli.completion import make
from jwt_to_rbac.cli.credential import USAGE

# Undated and without a version: it changes when the help does, and else not.
HEAD = """\
.TH JWT-TO-RBAC 1 "" "jwt-to-rbac" "User Commands"
.SH NAME
jwt-to-rbac \\- OpenID Connect ID tokens in, Kubernetes access out
.SH SYNOPSIS
.B jwt-to-rbac
.I COMMAND
[\\fIOPTIONS\\fR]
.br
.B kubectl jwt-to-rbac
.I COMMAND
[\\fIOPTIONS\\fR]
.SH COMMANDS
"""
CODE, BOLD, PLACE = r"`([^`]+)`", r"\*\*([^*]+)\*\*", r"(?<![*\w])\*([^*]+)\*"


def page() -> str:
    """The whole page, as roff for man(7)."""
    text = make().generate_docs(output_format="markdown")
    # The first part lists the commands, which follow one by one.
    commands = re.split(r"^#+ jwt-to-rbac ", text, flags=re.MULTILINE)[1:]
    body = [line for command in commands for line in _command(command)]
    return HEAD + "\n".join([*body, *_credential()]) + "\n"


def _command(text: str) -> Iterator[str]:
    name, _, rest = text.partition("\n")
    yield f".SS {_plain(name)}"
    code = False
    for line in rest.splitlines():
        if line.startswith("```"):
            code = not code
            yield ".nf" if code else ".fi"
        elif code:
            yield f"\\fB{_plain(line)}\\fR"
        elif item := re.match(r"\s*\* (.+?)(?:: (.*))?$", line):
            what = re.sub(r"\[(`[^`]+`)\]\([^)]*\)", r"\1", item[1])
            yield from (".TP", _inline(what), _inline(item[2] or ""))
        elif line.strip():
            yield _inline(line)
        else:
            yield ".PP"


def _credential() -> Iterator[str]:
    """kubectl's plugin, which has no library to tell of itself with."""
    yield from (".SS credential", ".nf", *map(_plain, USAGE.splitlines()), ".fi")


def _inline(text: str) -> str:
    plain = _plain(text.strip())
    for pattern, font in ((CODE, "B"), (BOLD, "B"), (PLACE, "I")):
        plain = re.sub(pattern, rf"\\f{font}\1\\fR", plain)
    return plain


def _plain(text: str) -> str:
    """Text that roff takes for nothing else: a backslash, a hyphen, a leading dot or quote."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{safe}" if safe[:1] in (".", "'") else safe


if __name__ == "__main__":
    sys.stdout.write(page())
