"""`kubectl_complete-jwt_to_rbac`: what kubectl runs to complete `kubectl jwt-to-rbac …` (KEP-2379).

It answers as cobra's `__complete` does: one candidate a line, with a tab before its description;
then a colon and a sum of directives.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts import App, Argument

_FILES, _NO_FILES = 0, 4
"""cobra's ShellCompDirectiveDefault and ShellCompDirectiveNoFileComp."""


def main() -> None:
    """The arguments are the words so far; the last is being typed, and may be empty."""
    *before, last = sys.argv[1:] or [""]
    found, directive = candidates(before, last)
    print("".join(f"{word}\t{help_}\n" if help_ else f"{word}\n" for word, help_ in found), end="")
    print(f":{directive}")


def candidates(before: list[str], last: str) -> tuple[list[tuple[str, str]], int]:
    """What the last word may become, each with its description; and cobra's directive."""
    from jwt_to_rbac.cli.main import application

    app = application("kubectl jwt-to-rbac", listed=not before)
    _, path, rest = app.parse_commands(before)
    at = path[-1]
    options = [o for o in _arguments(at) if o.names[0].startswith("-")]
    asked = next((o for o in options if rest and rest[-1] in o.names and not o.is_flag()), None)
    if asked is not None:
        return _fitting(((value, "") for value in asked.get_choices() or ()), last), _kind(asked)
    if last.startswith("-"):
        named = ((o.names[0], o.parameter.help or "") for o in options)
        return _fitting(((name, _first_sentence(help_)) for name, help_ in named), last), _NO_FILES
    return _fitting(_commands(at) if not rest else (), last), _NO_FILES


def _arguments(app: "App") -> "Iterable[Argument]":
    return app.assemble_argument_collection() if app.default_command else ()


def _kind(option: "Argument") -> int:
    """Whether a file may stand there."""
    file = any(word in option.names[0] for word in ("file", "config", "authority", "dir"))
    return _FILES if file else _NO_FILES


def _commands(app: "App") -> Iterator[tuple[str, str]]:
    for name in app:
        if not name.startswith("-"):
            yield name, _first_sentence(app[name].help)


def _first_sentence(text: str) -> str:
    return text.strip().partition("\n")[0].partition(";")[0].rstrip(".")


def _fitting(found: Iterable[tuple[str, str]], start: str) -> list[tuple[str, str]]:
    return [(word, help_) for word, help_ in found if word.startswith(start)]
