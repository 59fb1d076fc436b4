"""The matrix of verbs by resources, as far as `matrix.html` leaves it to Python: a line's cells."""

from collections.abc import Sequence

from jwt_to_rbac.core.permissions import Line, PathLine, giving, other_verbs

COLUMNS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
"""The verbs that have a column: Kubernetes' own for objects, those that only read first."""

_READING = 3
"""So many columns from the left only read."""

_MOST = 3
"""So many numbers stand in one cell; more would make its column wide."""

_Given = Line | PathLine


def cells(line: Line) -> list[tuple[str, str]]:
    """Of each column its kind and the rules' numbers, "" for none. Here, as long pages have thousands."""
    return [
        ("reads" if column < _READING else "writes", _numbers(giving(line.given, verb)))
        for column, verb in enumerate(COLUMNS)
    ]


def verbs(line: _Given, without: Sequence[str] = ()) -> list[tuple[str, str]]:
    """A line's other verbs, each with its rules' numbers."""
    return [
        ("any" if verb == "*" else verb, _numbers(line.given[verb]))
        for verb in other_verbs(line.given, without)
    ]


def _numbers(rules: Sequence[int]) -> str:
    """The rules' numbers: `1, 2`, or `1, 2, 3 +9`."""
    said = ", ".join(map(str, rules[:_MOST]))
    return f"{said} +{len(rules) - _MOST}" if len(rules) > _MOST else said
