"""What reading a form gives: our Configuration, and for each of its keys where it stands in the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jwt_to_rbac.settings.configuration import Configuration
from jwt_to_rbac.settings.document import Document, Mistake, Path, Source, dotted

SAME: Mapping[Path, Path] = {(): ()}
"""The origins of our own form: every key is itself."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A document held against its form.

    `configuration` is None if the document doesn't fit. `origins` gives for a key of ours
    (or the beginning of its path) the document's key it comes from. The paths of `mistakes`
    and `warnings` are the document's.
    """

    document: Document
    configuration: Configuration | None
    origins: Mapping[Path, Path] = field(default_factory=lambda: SAME)
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()

    def origin(self, path: Path) -> Path:
        """Our key's path in the document; itself where it comes from nothing there."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]] + path[length:]
        return path

    def told(self, mistake: Mistake) -> str:
        """One line for a person: where, which key, what is wrong with it."""
        if mistake.source:
            return f"{mistake.source} {mistake.text}"
        source = self.document.source_of(mistake.path)
        return f"{source}: {dotted(mistake.path)} {mistake.text}"

    def source_of(self, path: Path) -> Source:
        """Where the value of our key comes from."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.origins:
                base = self.origins[path[:length]]
                # The longest part of the way that the document has: what is made of one value
                # (`<githubOrg>:<groupName>`) has its place.
                for end in range(len(path), length - 1, -1):
                    there = base + path[length:end]
                    if there and (end == len(path) or base) and _has(self.document.tree, there):
                        return self.document.source_of(there)
                break
        return Source("default")


def _has(tree: object, path: Path) -> bool:
    for key in path:
        match tree:
            case dict() if key in tree:
                tree = tree[key]
            case list() if isinstance(key, int) and key < len(tree):
                tree = tree[key]
            case _:
                return False
    return True
