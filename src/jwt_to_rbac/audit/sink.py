"""Where records end up: whole lines onto a descriptor. Blocks; `writer` has a thread for it."""

import os
import select
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Appended:
    """How many of the lines were written whole, and why the others weren't ("" for all)."""

    lines: int
    trouble: str = ""


class Sink(Protocol):
    """Appends lines, each with its line feed; doesn't raise OSError."""

    def append(self, lines: Sequence[bytes]) -> Appended:
        """Blocks for as long as it takes."""

    def append_now(self, line: bytes) -> bool:
        """Never blocks: whether the line was written. If not, `append` does or says why."""

    def close(self) -> None: ...


class Stream:
    """A descriptor that somebody else opened and closes, such as the standard output.

    Its flags are left alone: whoever else has it open shares them, so that a non-blocking
    standard output would break the shell that started us.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines = Lines()
        self._pipe = _is(descriptor, stat.S_ISFIFO)

    def append(self, lines: Sequence[bytes]) -> Appended:
        return self._lines.append(self._descriptor, lines)

    def append_now(self, line: bytes) -> bool:
        # RWF_NOWAIT is O_NONBLOCK for one write. Linux has it for pipes, which is what a
        # container's output is; files have it on few file systems, so that theirs always waits.
        if not self._pipe or len(line) > select.PIPE_BUF or self._lines.cut_off:
            return False
        try:
            # A pipe takes all of PIPE_BUF bytes or nothing.
            return os.pwritev(self._descriptor, [line], -1, os.RWF_NOWAIT) == len(line)
        except BlockingIOError:
            return False
        except OSError:
            self._pipe = False  # An older kernel, or no reader: the other way tells.
            return False

    def close(self) -> None:
        pass


class Lines:
    """Writes whole lines onto a descriptor, and ends a line that was cut off before the next one.

    A disk that is full takes half of a line. What can be written later doesn't continue it: the
    half stands alone, and only its own record (which was refused) is lost to readers.
    """

    def __init__(self, cut_off: bool = False) -> None:
        self.cut_off = cut_off

    def append(self, descriptor: int, lines: Sequence[bytes]) -> Appended:
        done = 0
        for some in _at_once(descriptor, lines):
            start = b"\n" if self.cut_off else b""
            written, trouble = _write(descriptor, start + b"".join(some))
            written -= len(start)
            if written >= 0:
                whole, self.cut_off = _count_whole(some, written)
                done += whole
            if trouble:
                return Appended(done, trouble)
        return Appended(done)


def _at_once(descriptor: int, lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Lines in groups that the kernel writes in one piece, whoever else writes there.

    A file opened for appending takes any length so, a pipe PIPE_BUF bytes.
    """
    is_file = _is(descriptor, stat.S_ISREG)
    first, size = 0, 0
    for i, line in enumerate(lines):
        # One byte is kept for the line feed after a line that was cut off.
        if size and not is_file and size + len(line) >= select.PIPE_BUF:
            yield lines[first:i]
            first, size = i, 0
        size += len(line)
    yield lines[first:]


def _is(descriptor: int, kind: Callable[[int], bool]) -> bool:
    try:
        return kind(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def _write(descriptor: int, data: bytes) -> tuple[int, str]:
    """How many bytes were written, and why not all of them."""
    written = 0
    while written < len(data):
        try:
            written += os.write(descriptor, data[written:])
        except BlockingIOError:
            # Another process that has it open made it non-blocking.
            writable = select.poll()
            writable.register(descriptor, select.POLLOUT)
            writable.poll()
        except OSError as e:
            return written, e.strerror or type(e).__name__
    return written, ""


def _count_whole(lines: Sequence[bytes], written: int) -> tuple[int, bool]:
    """How many lines these bytes are, and whether a part of another one follows."""
    whole = 0
    for line in lines:
        if written < len(line):
            break
        written -= len(line)
        whole += 1
    return whole, written > 0
