"""YAML to plain data with places, within limits; PyYAML's C loader parses, and no key is known here.

Stricter than YAML: no key twice, no tags, no merge keys. Aliases are written out and counted.
"""

import yaml

from jwt_to_rbac.settings.document import (
    DEEPEST,
    MOST_VALUES,
    TOO_DEEP,
    TOO_MANY,
    Path,
    Unreadable,
    shown,
)

Places = dict[Path, tuple[int, int]]
"""Line and column of each key (or list item), from 1."""


def read_yaml(text: bytes) -> tuple[object, Places]:
    """The data of one YAML document. Raises Unreadable."""
    try:
        _refuse_depth_and_tags(text)
        loader = yaml.CSafeLoader(text)
        try:
            node = loader.get_single_node()
            reader = _Reader(loader)
            return (None if node is None else reader.read(node, ())), reader.places
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise _marked(error) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count(b"\n") + 1
        raise Unreadable(f"is no text that YAML allows: {error.reason}", line, 1) from None
    except yaml.YAMLError as error:
        raise Unreadable(f"is no YAML: {error}") from None


def _refuse_depth_and_tags(text: bytes) -> None:
    # Composing recurses in C, where depth would end the process: events come flat.
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        if depth > DEEPEST:
            raise Unreadable(TOO_DEEP, line, column)
        if getattr(event, "tag", None) is not None:
            raise Unreadable("has a tag (!): write plain values, and text in quotes", line, column)


class _Reader:
    """Turns nodes into data; `values` counts them, so that aliases can't multiply for ever."""

    def __init__(self, loader: yaml.CSafeLoader) -> None:
        self._loader = loader
        self._values = 0
        self.places: Places = {}

    def read(self, node: yaml.Node, path: Path) -> object:
        self._values += 1
        line, column = _place(node)
        if len(path) > DEEPEST:
            raise Unreadable(TOO_DEEP, line, column)
        if self._values > MOST_VALUES:
            raise Unreadable(TOO_MANY, line, column)
        self.places.setdefault(path, (line, column))
        if isinstance(node, yaml.MappingNode):
            return self._map(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        try:
            return self._loader.construct_object(node)
        except (ValueError, OverflowError):
            raise Unreadable(
                f"has {shown(node.value)}, which is neither a number nor a date: quote it",
                line,
                column,
            ) from None

    def _map(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        data: dict[str, object] = {}
        for key_node, value_node in node.value:
            line, column = _place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                raise Unreadable("has a key that is no text", line, column)
            key = key_node.value
            if key_node.tag != "tag:yaml.org,2002:str":
                raise Unreadable(
                    f"has the key {shown(key)}, which YAML doesn't read as plain text: "
                    "write keys out, in quotes if they look like a number or yes/no",
                    line,
                    column,
                )
            if key in data:
                first = self.places[*path, key][0]
                raise Unreadable(
                    f"has the key {shown(key)} twice (first in line {first}): keep one",
                    line,
                    column,
                )
            self.places[*path, key] = (line, column)
            data[key] = self.read(value_node, (*path, key))
        return data


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _marked(error: yaml.MarkedYAMLError) -> Unreadable:
    mark = error.problem_mark or error.context_mark
    problem = f"is no YAML: {error.problem or error.context}"
    return Unreadable(problem, mark.line + 1, mark.column + 1) if mark else Unreadable(problem)
