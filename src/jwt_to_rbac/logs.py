"""Log lines for whoever runs the program: one event a line on the standard error, by allow-list.

A line holds `time`, `level`, `event` (a fixed sentence), and facts under the names of KEYS; any
other is left out, and `unknown_keys` says how many. Of an exception its class and the places it
came through are told, never its message: that may hold what a client sent. The same goes for
what libraries log. Requests are not logged, save at debug or when they failed for our reasons
(5xx): who did what is for the audit record, how many for metrics, as with the API server.
"""

import logging
import os
import select
import traceback
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from jwt_to_rbac.core.one_line import one_line

KEYS = frozenset(
    {"account", "address", "at", "cluster", "code", "detail", "error", "host", "issuers", "library"}
    | {
        "method",
        "mistakes",
        "part",
        "path",
        "replica",
        "request",
        "result",
        "role",
        "seconds",
        "sha256",
    }
    | {"giving", "left", "status", "taking", "trace", "version"}
)
"""The facts that may stand in a line. Nothing here ever holds a token, a claim or a body."""

OURS = frozenset({"time", "level", "event", "lost", "unknown_keys"})

LONGEST, MOST = 500, 20
"""Characters of a text, members of a list: a line stays shorter than PIPE_BUF, or nearly."""

LEVELS = {level: getattr(logging, level.upper()) for level in ("debug", "info", "warning", "error")}


class Stderr:
    """Writes lines to a descriptor, unless that would block: `lost` lines are told with the next.

    A log that nobody reads must not stop the program (an audit record that nobody takes does
    refuse logins, but that is its purpose).
    """

    def __init__(self, descriptor: int = 2) -> None:
        self._descriptor = descriptor
        self._ready = select.poll()
        self._ready.register(descriptor, select.POLLOUT)
        self.lost = 0

    def write(self, line: bytes) -> None:
        try:
            if any(events & select.POLLOUT for _, events in self._ready.poll(0)):
                os.write(self._descriptor, line)
                self.lost = 0
                return
        except OSError:
            pass  # There is no other place to tell it.
        self.lost += 1

    debug = info = warning = error = write


def make_log(level: str, form: str, color: bool, out: Stderr) -> FilteringBoundLogger:
    """A log; `form` is json or text. It is handed to whoever has something to tell."""

    def tell_of_lost_lines(_: WrappedLogger, __: str, facts: EventDict) -> EventDict:
        if out.lost:
            facts["lost"] = out.lost
        return facts

    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _by_class,
        _by_allow_list,
        tell_of_lost_lines,
        _text(color) if form == "text" else _json(),
    ]
    log: FilteringBoundLogger = structlog.wrap_logger(
        out,
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        cache_logger_on_first_use=True,
    )
    return log.bind()


class LibraryHandler(logging.Handler):
    """Takes what libraries log: which one, where in it and the error's class; never their words."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.log(
            min(record.levelno, logging.ERROR),
            "A library reports trouble",
            library=record.name,
            at=f"{record.module}:{record.lineno}",
            error=record.exc_info[1] if record.exc_info else None,
        )


def _by_class(_: WrappedLogger, __: str, facts: EventDict) -> EventDict:
    """Turn the exception `error` into its class and the places that it came through."""
    error = facts.get("error")
    if isinstance(error, BaseException):
        facts["error"] = type(error).__qualname__
        facts["trace"] = [
            f"{Path(frame.filename).stem}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-MOST:]
        ]
    return facts


def _by_allow_list(_: WrappedLogger, __: str, facts: EventDict) -> EventDict:
    known = {
        key: _bounded(value)
        for key, value in facts.items()
        if value is not None and (key in OURS or key in KEYS)
    }
    unknown = len(facts.keys() - KEYS - OURS)
    return known | {"unknown_keys": unknown} if unknown else known


def _bounded(value: object) -> object:
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, int | float):
        return value
    if isinstance(value, Sequence) and all(isinstance(one, str) for one in value):
        return [one[:LONGEST] for one in value[:MOST]]
    return type(value).__name__  # Whatever it is, it isn't shown.


def _json() -> Processor:
    encode = msgspec.json.Encoder().encode

    def render(_: WrappedLogger, __: str, facts: EventDict) -> bytes:
        ordered = {key: facts.pop(key) for key in ("time", "level", "event")}
        return one_line(encode(ordered | dict(facts)))

    return render


def _text(color: bool) -> Processor:
    console = structlog.dev.ConsoleRenderer(colors=color, timestamp_key="time")

    def render(log: WrappedLogger, name: str, facts: EventDict) -> bytes:
        return console(log, name, facts).encode("utf-8", "backslashreplace") + b"\n"

    return render
