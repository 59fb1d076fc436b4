"""Holds plain data against a form's Structs and tells every mistake at once, with its path.

msgspec stops at the first mistake and doesn't guess what was meant; so this walks the same
types first. What values mean is not checked here.
"""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import TypeVar

import msgspec
from msgspec import inspect

from jwt_to_rbac.settings.document import Mistake, Path, shown

S = TypeVar("S", bound=msgspec.Struct)

Report = Callable[[Path, str], None]

_KINDS: Mapping[type, str] = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.IntType: "a whole number",
    inspect.VarTupleType: "a list",
    inspect.StructType: "keys with values",
    inspect.DictType: "keys with values",
}
_EXACTLY: Mapping[type, type] = {inspect.BoolType: bool, inspect.IntType: int}
"""To Python true is a number; to a configuration it isn't."""

_MOST_DIGITS = 19
"""A 64-bit number's."""

_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")
_BOOLEANS = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
"""What Go's strconv.ParseBool takes, and so the first system's environment and flags."""


def fit(
    tree: object, form: type[S], refused: Mapping[str, str], *, weak: bool = False
) -> tuple[S | None, list[Mistake]]:
    """`tree` as a `form`, or None with all mistakes.

    `refused` gives a reason to unknown keys (by name) that somebody may well have expected.
    `weak` reads as the first system's viper does: a number where text belongs, text where a
    boolean or a list belongs, null as if the key weren't there.
    """
    walk = _Walk(refused, weak)
    data = walk.value(tree, inspect.type_info(form), ())
    if walk.mistakes:
        return None, walk.mistakes
    try:
        return msgspec.convert(data, form), []
    except msgspec.ValidationError as error:
        # The walk knows all our types, so this is a gap in it: still a clear refusal.
        return None, [Mistake((), str(error))]


def scalar_paths(form: type[msgspec.Struct]) -> dict[Path, inspect.Type]:
    """The keys of `form` that hold one value and don't stand in a list, with their types."""
    return dict(_scalars(inspect.type_info(form), ()))


def from_text(text: str, kind: inspect.Type) -> object:
    """A value of environment or flag as the type of its key; text that isn't one stays text."""
    match _bare(kind):
        case inspect.BoolType():
            return _BOOLEANS.get(text, text)
        case inspect.IntType() if text.isdecimal() and text.isascii() and len(text) < _MOST_DIGITS:
            return int(text)
    return text


def did_you_mean(word: str, known: Iterator[str] | list[str]) -> str:
    """`; did you mean ...?` or nothing."""
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean `{by_lower[close[0]]}`?" if close else ""


class _Walk:
    def __init__(self, refused: Mapping[str, str], weak: bool) -> None:
        self.mistakes: list[Mistake] = []
        self._refused = refused
        self._weak = weak

    def value(self, value: object, kind: inspect.Type, path: Path) -> object:
        """The value, mended where `weak` says so; mistakes go to the list."""
        lines = isinstance(kind, inspect.Metadata) and bool((kind.extra or {}).get("lines"))
        kind = _bare(kind)
        if self._weak:
            value = _mended(value, kind)
        match kind:
            case inspect.StructType() if isinstance(value, dict):
                return self._keys(value, kind, path)
            case inspect.DictType() if isinstance(value, dict):
                return {k: self.value(v, kind.value_type, (*path, k)) for k, v in value.items()}
            case inspect.VarTupleType() if isinstance(value, list):
                if len(value) < (kind.min_length or 0):
                    self._wrong(path, "is an empty list: give a value, or take the key out")
                return [self.value(v, kind.item_type, (*path, i)) for i, v in enumerate(value)]
            case inspect.LiteralType():
                self._choice(value, kind, path)
            case inspect.StrType() if isinstance(value, str):
                self._text(value, kind, path, lines)
            case inspect.BoolType() | inspect.IntType() if type(value) is _EXACTLY[type(kind)]:
                least = getattr(kind, "ge", None)
                if least is not None and value < least:
                    self._wrong(path, f"is {value}, but must be at least {least}")
            case _:
                self._wrong(path, f"is {_kind_of(value)}, but must be {_KINDS[type(kind)]}")
        return value

    def _choice(self, value: object, kind: inspect.LiteralType, path: Path) -> None:
        # A list or keys can't be looked up among the choices.
        if not isinstance(value, str) or value not in kind.values:
            choices = [str(choice) for choice in kind.values if choice != ""]
            hint = did_you_mean(str(value), choices)
            self._wrong(path, f"is {shown(value)}, but must be {' or '.join(choices)}{hint}")

    def _text(self, value: str, kind: inspect.StrType, path: Path, lines: bool) -> None:
        if len(value) < (kind.min_length or 0):
            self._wrong(path, "is empty: give a value, or take the key out")
        elif not (value.replace("\n", "") if lines else value).isprintable():
            # Could forge a line of a log, or look like a name that it isn't.
            self._wrong(path, f"is {shown(value)}, which has characters that can't be seen")

    def _keys(
        self, data: dict[str, object], kind: inspect.StructType, path: Path
    ) -> dict[str, object]:
        fields = {field.encode_name: field for field in kind.fields}
        known: dict[str, object] = {}
        for key, value in data.items():
            if key not in fields:
                self._unknown((*path, key), list(fields))
            elif value is not None or not self._weak:
                known[key] = self.value(value, fields[key].type, (*path, key))
        for name, field in fields.items():
            if field.required and name not in known:
                self._wrong(path, f"lacks the key `{name}`")
        return known

    def _unknown(self, path: Path, known: list[str]) -> None:
        key = str(path[-1])
        reason = self._refused.get(key)
        hint = did_you_mean(key, known) or f"; known here: {', '.join(known)}"
        self._wrong(path, f"is not supported: {reason}" if reason else f"is no known key{hint}")

    def _wrong(self, path: Path, text: str) -> None:
        self.mistakes.append(Mistake(path, text))


def _bare(kind: inspect.Type) -> inspect.Type:
    return _bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def _mended(value: object, kind: inspect.Type) -> object:
    # Never a boolean as text: `groupName: no` is a mistake that viper turns into "0".
    match kind:
        case inspect.StrType() if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        case inspect.BoolType() if isinstance(value, (str, int)):
            return _BOOLEANS.get(str(value), value)
        case inspect.VarTupleType() if isinstance(value, str):
            return value.split(",")
    return value


def _scalars(kind: inspect.Type, path: Path) -> Iterator[tuple[Path, inspect.Type]]:
    kind = _bare(kind)
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from _scalars(field.type, (*path, field.encode_name))
    elif not isinstance(kind, inspect.VarTupleType):
        yield path, kind


def _kind_of(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return f"{str(value).lower()} (quote it if text is meant)"
        case int() | float():
            return f"the number {shown(value)} (quote it if text is meant)"
        case str():
            return f"the text {shown(value)}"
        case list():
            return "a list"
        case dict():
            return "keys with values"
    return f"a date or time, {shown(str(value))} (quote it if text is meant)"
