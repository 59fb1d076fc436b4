"""Tells whether a file has changed, without reading it. What follows from that is for who asks."""

from collections.abc import Iterable
from pathlib import Path

Stamp = tuple[tuple[int, int, int], ...]


def stamp(files: Iterable[Path]) -> Stamp:
    """Another value once one of `files` has changed, come or gone; a missing one is no error."""
    return tuple(map(_of_one, files))


def _of_one(file: Path) -> tuple[int, int, int]:
    # Follows links: kubelet swaps one for a new folder.
    try:
        found = file.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)
