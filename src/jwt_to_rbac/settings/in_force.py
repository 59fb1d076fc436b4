"""Every key of our form with the value in force and where it comes from; rendering is for the commands.

There is no key for a secret; a URL with a password in it was refused when it was read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from msgspec import UNSET

from jwt_to_rbac.settings.document import Path, Source, dotted
from jwt_to_rbac.settings.load import Loaded

Value = str | int | bool | list[str]


@dataclass(frozen=True, slots=True)
class InForce:
    """One key of a configuration."""

    key: str
    value: Value
    source: Source


def in_force(loaded: Loaded) -> Iterator[InForce]:
    """All values, defaults included, in the order of our form."""
    for path, value in values(loaded.configuration):
        yield InForce(dotted(path), value, loaded.reading.source_of(path))


def values(form: msgspec.Struct, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    """Every key below `path` with its value."""
    in_list = any(isinstance(key, int) for key in path)
    for field in msgspec.structs.fields(form):
        value, there = getattr(form, field.name), (*path, field.encode_name)
        if isinstance(value, msgspec.Struct):
            yield from values(value, there)
        elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
            for index, item in enumerate(value):
                yield from values(item, (*there, index))
        elif isinstance(value, dict):
            for key, item in value.items():
                yield (*there, key), item
        elif value is UNSET or (in_list and value in ("", ()) and not field.required):
            # An item of a list has many keys that are simply not there.
            continue
        elif isinstance(value, tuple):
            yield there, list(value)
        else:
            yield there, value
