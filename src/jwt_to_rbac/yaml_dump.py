"""Plain data as YAML for people. Imports nothing else: people's commands have little installed."""

import yaml


class _Dumper(yaml.SafeDumper):
    """Text of several lines (PEM) as a block, lists indented as kubectl prints them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def dump(data: object) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
