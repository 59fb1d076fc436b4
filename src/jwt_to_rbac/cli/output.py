"""How commands show what the server answered: a table for people, JSON, YAML or names for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from cyclopts import Parameter

Output = Annotated[
    Literal["table", "json", "yaml", "name"],
    Parameter(name=["--output", "-o"], help="table, json, yaml or name."),
]

_STEPS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


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


def table(head: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "") -> str:
    """Columns as kubectl prints them; `empty` is said if there is no row."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells and empty:
        return empty
    lines = [list(head), *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def pairs(values: Mapping[str, object]) -> str:
    """`Name:  value`, a line each, as `kubectl describe` has it."""
    width = max(len(name) for name in values) + 1
    return "\n".join(f"{name + ':':{width}}  {_cell(value)}" for name, value in values.items())


def grants(person: Mapping[str, Any]) -> str:
    """What somebody holds and by which rule, then the groups that give nothing."""
    rows = [(g["clusterRole"], g["scope"], g["rule"]) for g in person.get("grants") or ()]
    lines = [table(("CLUSTERROLE", "SCOPE", "RULE"), rows, "No access on this cluster.")]
    lines += [
        f"group {_cell(group)}: no rule names it" for group in person.get("unmatchedGroups") or ()
    ]
    return "\n".join(lines)


def until(time: object, now: float) -> str:
    """A time of the server's, as how long it is until then or has been since: `54m`, `5m ago`."""
    if not time:
        return "-"
    seconds = datetime.fromisoformat(str(time)).astimezone(UTC).timestamp() - now
    size = abs(seconds)
    unit, length = next(((u, n) for u, n in _STEPS if size >= 2 * n), ("s", 1))
    return f"{int(size / length)}{unit}{'' if seconds >= 0 else ' ago'}"


def _cell(value: object) -> str:
    """One line of printable text: what comes from a directory must not drive the terminal."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = "-" if value is None or value == "" else str(value)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
