"""Finds and reads the one configuration file; what is in it is for the forms."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath

from jwt_to_rbac.settings.document import LARGEST, Document, Source, Unreadable, refusal
from jwt_to_rbac.settings.json_text import read_json
from jwt_to_rbac.settings.toml_text import read_toml
from jwt_to_rbac.settings.yaml_text import Places, read_yaml

_READERS: Mapping[str, Callable[[bytes], tuple[object, Places]]] = {
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".toml": read_toml,
    ".json": read_json,
}


def find(directory: FilePath, config_dir: str) -> FilePath | None:
    """The file in `directory`, else in `config_dir` (empty: not asked), else None.

    Two in one directory are refused: the first system took one of them in silence.
    """
    for place in (directory, *([FilePath(config_dir)] if config_dir else [])):
        found = [file for ending in _READERS if (file := place / f"config{ending}").is_file()]
        if len(found) > 1:
            names = " and ".join(file.name for file in found)
            raise refusal([f"{place}: has {names}: keep one, or say which with --config"])
        if found:
            return found[0]
    return None


def read_document(file: FilePath) -> Document:
    """The file's data with the place of each key. Raises InvalidInput."""
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise refusal([f"{file}: must end in {', '.join(_READERS)}, which tells how to read it"])
    try:
        with file.open("rb") as stream:
            text = stream.read(LARGEST + 1)
    except OSError as error:
        raise refusal([f"{file}: can't be read: {error.strerror}"]) from None
    return document(str(file), text, reader)


def document(name: str, text: bytes, reader: Callable[[bytes], tuple[object, Places]]) -> Document:
    """`text` as data, with places that begin with `name`. Raises InvalidInput."""
    if len(text) > LARGEST:
        raise refusal([f"{name}: is larger than {LARGEST} bytes"])
    try:
        # A byte order mark is no mistake of the person's: some editors write it.
        tree, places = reader(text.removeprefix(b"\xef\xbb\xbf"))
    except Unreadable as error:
        raise refusal([f"{name}{error.place}: {error.text}"]) from None
    sources = {
        path: Source("file", f"{name}:{line}:{column}") for path, (line, column) in places.items()
    }
    sha256 = hashlib.sha256(text).hexdigest()
    return Document(name, {} if tree is None else tree, sources, sha256)
