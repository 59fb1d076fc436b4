"""How commands show what the server answered: a table for people, JSON, YAML or names for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from jwt_to_rbac.client.words import columns, folded

Output = Annotated[
    Literal["table", "json", "yaml", "name"],
    Parameter(name=["--output", "-o"], help="table, json, yaml or name."),
]

_GAP = "   "
_NARROWEST = 8
"""Characters that a column keeps, however narrow the terminal is."""

_MANY = 20
"""Items of a list that a terminal is shown."""

_STEPS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def terminal_width() -> int:
    """How wide what is printed may be; 0 where nobody looks at it but a program."""
    return columns(sys.stdout)


def tell(text: str) -> None:
    """A message on the standard output."""
    print(folded(text, terminal_width()))


def show(output: str, document: object, table: str, names: Iterable[str]) -> None:
    """Print one of the forms on the standard output."""
    if output == "json":
        print(json.dumps(document, indent=2))
    elif output == "yaml":
        # Imported here: few ask for it, and it takes as long as the rest.
        from jwt_to_rbac.yaml_dump import dump

        print(dump(document), end="")
    elif output == "name":
        print("".join(f"{name}\n" for name in names), end="")
    else:
        print(table)


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    empty: str = "",
    width: int = 0,
    spare: Sequence[str] = (),
) -> str:
    """Columns as kubectl prints them; `empty` is said if there is no row.

    Where a `width` is given lines keep to it: `spare` columns go, in this order, then the longest
    cells are cut. The first column, which other commands want, stays whole.
    """
    cells = [[cell(value) for value in row] for row in rows]
    if not cells and empty:
        return empty
    upright = list(zip(*[list(head), *cells], strict=True))
    widths = [max(map(len, column)) for column in upright]
    if width:
        shown = _fitting(upright, widths, width, spare)
        upright, widths = [upright[i] for i in shown], [shown[i] for i in shown]
    return "\n".join(
        _GAP.join(
            _cut(text, size).ljust(size) for text, size in zip(line, widths, strict=True)
        ).rstrip()
        for line in zip(*upright, strict=True)
    )


def _fitting(
    upright: Sequence[Sequence[str]], widths: Sequence[int], width: int, spare: Sequence[str]
) -> dict[int, int]:
    """Which columns are shown, and how wide each is."""
    shown = dict(enumerate(widths))
    least = {
        i: size if i == 0 else min(size, max(len(upright[i][0]), _NARROWEST))
        for i, size in shown.items()
    }

    def room(sizes: dict[int, int]) -> int:
        return width - sum(sizes[i] for i in shown) - len(_GAP) * (len(shown) - 1)

    for name in spare:
        if room(least) >= 0:
            break
        shown = {i: size for i, size in shown.items() if upright[i][0] != name}
    while room(shown) < 0 and (wide := [i for i in shown if shown[i] > least[i]]):
        shown[max(wide, key=lambda i: shown[i])] -= 1
    return shown


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1]}…"


def pairs(values: Mapping[str, object], width: int = 0) -> str:
    """`Name:  value`, a line each, as `kubectl describe` has it; on a terminal of this `width`
    a long value goes on below itself."""
    margin = max(len(name) for name in values) + 3
    return "\n".join(
        f"{name + ':':{margin}}{_hanging(_listed(value, width), margin, width)}"
        for name, value in values.items()
    )


def grants(person: Mapping[str, Any], width: int = 0) -> str:
    """What somebody holds and by which rule, then the groups that give nothing."""
    rows = [(g["clusterRole"], g["scope"], g["rule"]) for g in person.get("grants") or ()]
    lines = [table(("CLUSTERROLE", "SCOPE", "RULE"), rows, "No access on this cluster.", width)]
    return "\n".join([*lines, *unmatched(person.get("unmatchedGroups") or (), width)])


def unmatched(groups: Sequence[str], width: int = 0) -> list[str]:
    """A sentence about the groups that give nothing, if there are any."""
    if not groups:
        return []
    one = len(groups) == 1
    said = f"group{'' if one else 's'} {_listed(groups, width)}: no rule names {'it' if one else 'them'}"
    return [folded(said, width)]


def until(time: object, now: float) -> str:
    """A time of the server's, as how long it is until then or has been since: `54m`, `5m ago`."""
    if not time:
        return "-"
    seconds = datetime.fromisoformat(str(time)).astimezone(UTC).timestamp() - now
    size = abs(seconds)
    unit, length = next(((u, n) for u, n in _STEPS if size >= 2 * n), ("s", 1))
    return f"{int(size / length)}{unit}{'' if seconds >= 0 else ' ago'}"


def cell(value: object) -> str:
    """One line of printable text: what comes from a directory must not drive the terminal."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = "-" if value is None or value == "" else str(value)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _listed(value: object, width: int) -> str:
    """The same; on a terminal the first of many."""
    if width and isinstance(value, list | tuple) and len(value) > _MANY:
        return f"{cell(value[:_MANY])} and {len(value) - _MANY} more (-o yaml shows all)"
    return cell(value)


def _hanging(text: str, margin: int, width: int) -> str:
    return folded(text, max(width - margin, 20) if width else 0).replace("\n", "\n" + " " * margin)
