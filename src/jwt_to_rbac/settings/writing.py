"""Our form as YAML text for people; what is in it is made elsewhere."""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from jwt_to_rbac.settings.configuration import Configuration
from jwt_to_rbac.yaml_dump import dump


def as_yaml(configuration: Configuration, comments: Iterable[str] = ()) -> str:
    """The keys that differ from their defaults, below the comments."""
    head = "".join(f"# {line}\n" for comment in comments for line in comment.splitlines())
    return head + dump(_without_defaults(configuration))


def _without_defaults(form: msgspec.Struct) -> dict[str, object]:
    # msgspec's omit_defaults keeps a default that was given by name.
    data: dict[str, object] = {}
    for field in msgspec.structs.fields(form):
        value = getattr(form, field.name)
        if value is UNSET or (not field.required and value == field.default):
            continue
        data[field.encode_name] = _plain(value)
    return data


def _plain(value: object) -> object:
    match value:
        case msgspec.Struct():
            return _without_defaults(value)
        case tuple():
            return [_plain(item) for item in value]
    return value
