"""Waiting for a condition in tests of processes, instead of sleeping and hoping."""

import time
from collections.abc import Callable
from pathlib import Path


def until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Return as soon as `condition` holds; AssertionError saying `what` was awaited if never."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.02)


def ended(pid: int) -> bool:
    """Whether a process is gone; a zombie that nobody has reaped yet does nothing any more."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"
