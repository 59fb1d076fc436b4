"""TOML to plain data with places; tomllib parses, and no key is known here."""

import tomllib

from jwt_to_rbac.settings.document import DEEPEST, Path, Unreadable
from jwt_to_rbac.settings.yaml_text import Places

_LONGEST_STATEMENT = 200
"""Lines; finding a longer one's end costs too much, and places after it aren't told."""


def read_toml(text: bytes) -> tuple[object, Places]:
    """The data of one TOML text (UTF-8). Raises Unreadable."""
    try:
        data = tomllib.loads(text.decode("utf-8"))
    except ValueError as error:
        # TOMLDecodeError tells the place in its text only, before Python 3.14.
        raise Unreadable(f"is no TOML: {error}") from None
    except RecursionError:
        raise Unreadable(f"is nested deeper than {DEEPEST} levels") from None
    return data, _places(text.decode("utf-8").splitlines(keepends=True))


def _places(lines: list[str]) -> Places:
    """The line of each statement, by parsing statements one at a time.

    tomllib tells no places. A statement ends where it parses on its own; a line that begins
    with `[` where a statement may begin is always a header.
    """
    places: Places = {(): (1, 1)}
    table: Path = ()
    tables_seen: dict[Path, int] = {}
    start = 0
    while start < len(lines):
        found = _statement(lines, start)
        if found is None:
            break
        statement, end = found
        place = (start + 1, len(lines[start]) - len(lines[start].lstrip()) + 1)
        if lines[start].lstrip().startswith("["):
            table = _header(statement, tables_seen)
            places.setdefault(table, place)
        else:
            _mark(statement, table, place, places)
        start = end
    return places


def _statement(lines: list[str], start: int) -> tuple[dict[str, object], int] | None:
    for end in range(start + 1, min(len(lines), start + _LONGEST_STATEMENT) + 1):
        try:
            return tomllib.loads("".join(lines[start:end])), end
        except ValueError:
            continue
    return None


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
