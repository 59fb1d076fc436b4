"""JSON read strictly, for tokens and for issuers' documents; what the members mean is not known here.

Stricter than `json`: duplicate names (RFC 8725 section 2.4 and RFC 7515 section 4 leave readers to
disagree on which one counts), NaN and Infinity, encodings other than UTF-8, numbers and depths
that nobody means.
"""

import json
import math

MAX_DEPTH = 16
"""Levels of objects and lists. Dex nests 2 deep, Keycloak's `resource_access` 4."""

_MAX_NUMBER_LENGTH = 32
"""Characters: any 64-bit integer and any double written by a sane encoder fit."""


class NotStrictJson(ValueError):
    """The bytes aren't one strict JSON object. The message says what is wrong, never the content."""


def parse_object(data: bytes) -> dict[str, object]:
    """Read one JSON object from UTF-8 bytes. Raises NotStrictJson."""
    try:
        # Decoded here because `json` would guess UTF-16 and UTF-32 from bytes.
        value = _DECODER.decode(data.decode("utf-8"))
    except NotStrictJson:
        raise
    except UnicodeDecodeError:
        raise NotStrictJson("it is not UTF-8") from None
    except (ValueError, RecursionError):
        raise NotStrictJson("it is not JSON") from None
    if not isinstance(value, dict):
        raise NotStrictJson("it is not a JSON object")
    # A text with few brackets can't be deep: nearly every token takes this short way.
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH and _is_deeper_than(value, MAX_DEPTH):
        raise NotStrictJson(f"it is nested more than {MAX_DEPTH} deep")
    return value


def _is_deeper_than(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return levels == 0 or any(_is_deeper_than(each, levels - 1) for each in value)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrictJson("a name occurs twice in one object")
    return members


def _integer(text: str) -> int:
    if len(text) > _MAX_NUMBER_LENGTH:
        raise NotStrictJson("a number is too long")
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if len(text) > _MAX_NUMBER_LENGTH or not math.isfinite(value):
        raise NotStrictJson("a number is out of range")
    return value


def _constant(_: str) -> float:
    raise NotStrictJson("it holds NaN or Infinity")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
