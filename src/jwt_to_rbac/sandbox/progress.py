"""Tells a waiting person how far a long step is: one updating line, or sparse lines in a log.

Nothing here measures or decides; the callers say what is done of how much.
"""

import sys
import time
from typing import Self, TextIO

_SPARSE_SECONDS = 30.0


class Progress:
    """One long step. Use as a context manager and call `tick` at least each second."""

    def __init__(self, what: str, last_time: str, out: TextIO | None = None) -> None:
        """`last_time` is a ready sentence such as 'took 4:49 last time', or empty."""
        self._what = what
        self._last_time = f" ({last_time})" if last_time else ""
        self._out = out or sys.stderr
        self._live = self._out.isatty()
        self._began = time.monotonic()
        self._shown = float("-inf")

    def __enter__(self) -> Self:
        self.tick("starting")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        end = "done" if kind is None else "stopped"
        self._show(f"{self._what}: {end} after {clock(self.elapsed)}")
        if self._live:
            self._out.write("\n")
            self._out.flush()

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self._began

    def tick(self, far: str) -> None:
        """Show `far`, for instance '312 of 1,430 packages', if it is time to show something."""
        pause = 0.1 if self._live else _SPARSE_SECONDS
        if time.monotonic() - self._shown >= pause:
            self._shown = time.monotonic()
            self._show(f"{self._what}: {far}, {clock(self.elapsed)} elapsed{self._last_time}")

    def _show(self, text: str) -> None:
        self._out.write(f"\r\x1b[K{text}" if self._live else f"{text}\n")
        self._out.flush()


def clock(seconds: float) -> str:
    """`289.4` → `4:49`."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
