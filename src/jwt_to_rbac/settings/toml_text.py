"""TOML to plain data with places; tomllib parses, and no key is known here."""

import re
import tomllib
from collections.abc import Iterator

from jwt_to_rbac.settings.document import DEEPEST, TOO_DEEP, Path, Unreadable, refuse_excess
from jwt_to_rbac.settings.yaml_text import Places

_MOST_TO_READ = 1_000_000
"""Characters, by all attempts to find a statement's end, the square of a long one's length: a
second or so in all. The places of what is left then aren't told."""

_KEY = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_DEEP_KEY = re.compile(rf"(?<![\w-])(?:{_KEY}[ \t]*+\.[ \t]*+){{{DEEPEST}}}{_KEY}")
"""A dotted key of many parts: tomllib's memory grows with their square."""


def read_toml(text: bytes) -> tuple[object, Places]:
    """The data of one TOML text (UTF-8). Raises Unreadable."""
    try:
        source = text.decode("utf-8")
        if _DEEP_KEY.search(source):
            raise Unreadable(TOO_DEEP)
        data = tomllib.loads(source)
    except ValueError as error:
        # TOMLDecodeError tells the place in its text only, before Python 3.14.
        raise Unreadable(f"is no TOML: {error}") from None
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None
    refuse_excess(data)
    return data, _places(source.splitlines(keepends=True))


def _places(lines: list[str]) -> Places:
    """The line of each statement, by parsing statements one at a time.

    tomllib tells no places. A statement ends where it parses on its own; a line that begins
    with `[` where a statement may begin is always a header.
    """
    places: Places = {(): (1, 1)}
    table: Path = ()
    tables_seen: dict[Path, int] = {}
    for start, statement in _statements(lines):
        place = (start + 1, len(lines[start]) - len(lines[start].lstrip()) + 1)
        if lines[start].lstrip().startswith("["):
            table = _header(statement, tables_seen)
            places.setdefault(table, place)
        else:
            _mark(statement, table, place, places)
    return places


def _statements(lines: list[str]) -> Iterator[tuple[int, dict[str, object]]]:
    """Each statement's first line (from 0) with its data."""
    start, text, left = 0, "", _MOST_TO_READ
    for number, line in enumerate(lines):
        text += line
        left -= len(text)
        if left < 0:
            return
        try:
            statement = tomllib.loads(text)
        except ValueError:
            continue
        yield start, statement
        start, text = number + 1, ""


def _header(statement: object, tables_seen: dict[Path, int]) -> Path:
    path: Path = ()
    while statement:
        if isinstance(statement, dict):
            key, statement = next(iter(statement.items()))
            path = (*path, key)
            if isinstance(statement, list):
                tables_seen[path] = tables_seen.get(path, -1) + 1
                statement = None
            if path in tables_seen:
                path = (*path, tables_seen[path])
    return path


def _mark(value: object, path: Path, place: tuple[int, int], places: Places) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            places.setdefault((*path, key), place)
            _mark(inner, (*path, key), place, places)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            places.setdefault((*path, index), place)
            _mark(inner, (*path, index), place, places)
