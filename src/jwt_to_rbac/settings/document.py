"""Configuration before it means anything: plain data, where each part stands, and what is wrong with it.

No file is opened here and no key is known here.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jwt_to_rbac.core.errors import Code, InvalidInput

_PLAIN = re.compile(r"[\w./-]{1,60}")

Path = tuple[str | int, ...]
"""The way to a value from the top: keys and positions."""


LARGEST = 1 << 20
"""Bytes: what a ConfigMap can hold (Kubernetes' limit for etcd objects)."""

DEEPEST = 32
"""Levels: our deepest key is at 7."""

MOST_VALUES = 50_000
"""Values after aliases are written out: a bomb of aliases stops here."""

TOO_DEEP = f"is nested deeper than {DEEPEST} levels"
TOO_MANY = f"has more than {MOST_VALUES:,} values, with aliases written out"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from; `where` is file:line:column, a variable's name or a flag's."""

    kind: Literal["default", "file", "environment", "flag"]
    where: str = ""

    def __str__(self) -> str:
        return self.where or self.kind


@dataclass(frozen=True, slots=True)
class Document:
    """What one file says (and, put over it, environment and flags). `sources` may miss paths.

    `sha256` is of the file's bytes, in hexadecimal.
    """

    name: str
    tree: object
    sources: Mapping[Path, Source] = field(default_factory=dict)
    sha256: str = ""

    def source_of(self, path: Path) -> Source:
        """Where `path` stands, or the nearest that it would stand in."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.sources:
                return self.sources[path[:length]]
        return Source("file", self.name)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a person must mend at one place. Holds no secret.

    `source` is set where it is known better than by `path`: a variable that is no key at all.
    """

    path: Path
    text: str
    source: Source | None = None


class Unreadable(Exception):
    """The text is no YAML, TOML or JSON, or passes a limit; never leaves this package."""

    def __init__(self, text: str, line: int = 0, column: int = 0) -> None:
        super().__init__(text)
        self.text = text
        self.place = f":{line}:{column}" if line else ""


def refuse_excess(tree: object) -> None:
    """Raises Unreadable for data deeper or larger than any configuration.

    Without recursion, which ends at a depth that a parser may well have passed.
    """
    rest, values = [(tree, 0)], 1
    while rest:
        value, depth = rest.pop()
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(inner, str) or not isinstance(inner, Collection):
            continue
        if depth == DEEPEST:
            raise Unreadable(TOO_DEEP)
        values += len(inner)
        if values > MOST_VALUES:
            raise Unreadable(TOO_MANY)
        rest += [(each, depth + 1) for each in inner]


def dotted(path: Path) -> str:
    """`policy.rules[0].name`."""
    # Keys are a stranger's text: one with a line break could forge a line of a log.
    text = "".join(
        f"[{key}]" if isinstance(key, int) else f".{key}" if _PLAIN.fullmatch(key) else shown(key)
        for key in path
    )
    return text.removeprefix(".") or "the file"


def refusal(lines: Iterable[str]) -> InvalidInput:
    """All mistakes as one error, one a line."""
    return InvalidInput(Code.CONFIGURATION_INVALID, "\n".join(lines))


def shown(value: object) -> str:
    """A value in a message: quoted, escaped and short."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
