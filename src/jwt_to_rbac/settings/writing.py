"""Our form as YAML text for people; what is in it is made elsewhere."""

from collections.abc import Iterable

import msgspec
import yaml
from msgspec import UNSET

from jwt_to_rbac.settings.configuration import Configuration


class _Dumper(yaml.SafeDumper):
    """Text of several lines (PEM) as a block, lists indented as kubectl prints them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


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


def dump(data: object) -> str:
    """Plain data as YAML."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
