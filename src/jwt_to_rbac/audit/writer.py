"""Has lines written by a thread, so that a slow sink never stops the event loop: group commit.

All lines that came while the thread was busy are its next batch: one hand-over, one write and one
waking of the loop for all of them. That costs 5 µs of CPU a line at 64 requests in flight, 25 at
16 and 100 for one alone; so what can be written without blocking, a line into a pipe that has
room, is written at once for 3 µs.

A sink that takes nothing for `patience` seconds is stuck. Everybody who waits is refused then, and
whoever comes is refused at once, until the write that hangs is done: it recovers by itself. The
lines of that one write may appear after they were refused; none that waited behind it will.
"""

import asyncio
from collections.abc import Sequence
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

from jwt_to_rbac.audit.sink import Appended, Sink
from jwt_to_rbac.core.errors import Code, Outage

PATIENCE = 2.0
"""Seconds: a disk or a pipe that is alive takes a line in less; a client waits for ten."""

MOST_WAITING = 4096
"""Lines: more than two seconds' worth of logins; beyond, memory would be the queue's bound."""


class _Waiting(NamedTuple):
    line: bytes
    written: asyncio.Future[None]


class Writer:
    """Appends lines to `sink`. Made in the event loop that uses it; `close` must be awaited."""

    def __init__(
        self, sink: Sink, patience: float = PATIENCE, most_waiting: int = MOST_WAITING
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._sink = sink
        self._patience = patience
        self._most_waiting = most_waiting
        self._waiting: list[_Waiting] = []
        self._batch: list[_Waiting] = []
        self._watchdog: asyncio.TimerHandle | None = None
        self._stuck = False
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._handed: SimpleQueue[list[bytes] | None] = SimpleQueue()
        # A daemon: a write that hangs must not keep the process from ending.
        self._thread = Thread(target=self._write, name="audit", daemon=True)
        self._thread.start()

    async def write(self, line: bytes) -> None:
        """Return once the line is written. Raises Outage (audit_unavailable)."""
        if self._stuck:
            raise _unavailable("it takes nothing at present")
        if self._closed:
            raise _unavailable("this program is stopping")
        if len(self._waiting) >= self._most_waiting:
            raise _unavailable("too many records wait")
        if self._idle.is_set() and self._sink.append_now(line):
            return
        written = self._loop.create_future()
        self._waiting.append(_Waiting(line, written))
        if self._idle.is_set():
            self._idle.clear()
            # Not at once: whoever else is ready in this turn of the loop goes along.
            self._loop.call_soon(self._hand_over)
        await written

    async def close(self) -> None:
        """Wait for what is being written, for `patience` at most, and end the thread."""
        self._closed = True
        await self._idle.wait()
        self._handed.put(None)
        if not self._stuck:
            self._thread.join()

    @property
    def waiting(self) -> int:
        """Records that aren't written yet."""
        return len(self._waiting) + len(self._batch)

    def _hand_over(self) -> None:
        self._batch, self._waiting = self._waiting, []
        self._watchdog = self._loop.call_later(self._patience, self._give_up)
        self._handed.put([one.line for one in self._batch])

    def _give_up(self) -> None:
        self._stuck = True
        self._idle.set()
        refused = self._batch + self._waiting
        self._batch, self._waiting = [], []
        _settle(refused, Appended(0, f"nothing was taken for {self._patience:g} s"))

    def _done(self, appended: Appended) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
        self._stuck = False
        batch, self._batch = self._batch, []
        _settle(batch, appended)
        if self._waiting:
            self._hand_over()
        else:
            self._idle.set()

    def _write(self) -> None:
        """The thread."""
        while (lines := self._handed.get()) is not None:
            appended = self._sink.append(lines)
            try:
                self._loop.call_soon_threadsafe(self._done, appended)
            except RuntimeError:
                break  # The loop was closed while this write hung.
        self._sink.close()


def _settle(batch: Sequence[_Waiting], appended: Appended) -> None:
    for i, one in enumerate(batch):
        if one.written.done():
            continue  # Whoever waited has gone.
        if i < appended.lines:
            one.written.set_result(None)
        else:
            one.written.set_exception(_unavailable(appended.trouble))


def _unavailable(reason: str) -> Outage:
    return Outage(
        Code.AUDIT_UNAVAILABLE,
        f"The audit record can't be written ({reason}), so nothing was done.",
    )
