"""JSON to plain data with places; no key is known here. Stricter than JSON: no key twice, no NaN."""

import json

from jwt_to_rbac.settings.document import TOO_DEEP, Unreadable, refuse_excess, shown
from jwt_to_rbac.settings.yaml_text import Places, read_yaml


def read_json(text: bytes) -> tuple[object, Places]:
    """The data of one JSON text (UTF-8). Raises Unreadable."""
    try:
        data = json.loads(
            text.decode("utf-8"), object_pairs_hook=_without_repetition, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        raise Unreadable(f"is no JSON: {error.msg}", error.lineno, error.colno) from None
    except ValueError as error:
        # Not UTF-8, or a number with more digits than Python reads.
        raise Unreadable(f"is no JSON: {error}") from None
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None
    refuse_excess(data)
    return data, _places(text)


def _places(text: bytes) -> Places:
    # All but all JSON is YAML too, and only YAML's parser tells places; without them
    # messages name the file and the key alone.
    try:
        return read_yaml(text)[1]
    except Unreadable:
        return {}


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Unreadable(f"has the key {shown(twice)} twice: keep one")
    return data


def _constant(name: str) -> object:
    raise Unreadable(f"has {name}, which is no JSON number")
