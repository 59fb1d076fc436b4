"""Records in a file: opened anew when it was moved away, and moved away by ourselves when it is large.

Both ways of rotation work: a tool such as logrotate renames the file (no signal is needed), or
we do, from 100 MiB on, to `<file>.<time>`. Nothing is deleted unless told how many to keep: how
long records are held is the operator's decision, as with the API server's own audit log. A file
belongs to one process.
"""

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from jwt_to_rbac.audit.sink import Appended, Lines
from jwt_to_rbac.ports import Clock

ROTATE_BYTES = 100 * 1024 * 1024
"""As the API server's audit log: some 150,000 records."""


class File:
    """A file of lines, mode 0600. Raises OSError if it can't be opened."""

    def __init__(
        self, path: Path, clock: Clock, rotate_bytes: int = ROTATE_BYTES, keep: int = 0
    ) -> None:
        self._path = path
        self._clock = clock
        self._rotate_bytes = rotate_bytes
        self._keep = keep
        self._descriptor = -1
        self._open()

    def append(self, lines: Sequence[bytes]) -> Appended:
        try:
            self._be_in_place()
        except OSError as e:
            return Appended(0, e.strerror or type(e).__name__)
        return self._lines.append(self._descriptor, lines)

    def append_now(self, line: bytes) -> bool:
        return False

    def close(self) -> None:
        os.close(self._descriptor)

    def _be_in_place(self) -> None:
        """Have the file of this name open, and not a too large one."""
        ours = os.fstat(self._descriptor)
        try:
            named = self._path.stat()
        except FileNotFoundError:
            self._open()
            return
        if (named.st_dev, named.st_ino) != (ours.st_dev, ours.st_ino):
            self._open()
        elif stat.S_ISREG(ours.st_mode) and ours.st_size >= self._rotate_bytes:
            self._rotate()

    def _rotate(self) -> None:
        now = datetime.fromtimestamp(self._clock(), UTC)
        archive = self._path.with_name(f"{self._path.name}.{now:%Y%m%dT%H%M%S.%fZ}")
        # A folder that can't be written to must not stop logins: the file goes on growing.
        with suppress(OSError):
            if not archive.exists():
                self._path.rename(archive)
                self._open()
                self._delete_oldest()

    def _delete_oldest(self) -> None:
        if self._keep:
            archives = sorted(self._path.parent.glob(f"{self._path.name}.*T*.*Z"))
            for old in archives[: -self._keep]:
                old.unlink()

    def _open(self) -> None:
        # Non-blocking for named pipes: one that nobody reads refuses to start, and doesn't hang.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(self._path, flags, 0o600)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = descriptor
        self._lines = Lines(cut_off=_ends_in_half_a_line(self._path))


def _ends_in_half_a_line(path: Path) -> bool:
    """Whether whoever wrote last (an earlier process that was killed) didn't end its line."""
    with suppress(OSError):
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as file:
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
    return False
