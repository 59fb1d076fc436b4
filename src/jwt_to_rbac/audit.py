"""The append-only record of decisions, as JSON lines. Written before the effect: no record, no effect."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from jwt_to_rbac.core.errors import Code, Outage
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.ports import Clock


class AuditFile:
    """Appends to one open file descriptor; a record is one write, so that lines never mix."""

    def __init__(self, descriptor: int, replica: str, clock: Clock) -> None:
        self._descriptor = descriptor
        self._replica = replica
        self._clock = clock
        self._encode = msgspec.json.Encoder().encode

    async def record(self, event: str, **facts: str | int | bool | Sequence[str] | None) -> None:
        """Append one record; raises Outage (audit_unavailable) if it can't be written whole."""
        now = self._clock()
        line = self._encode(
            {"audit": event, "time": rfc3339(now), "replica": self._replica, **facts}
        )
        try:
            written = os.write(self._descriptor, line + b"\n")
        except OSError as e:
            raise _unavailable(e.strerror or "write error") from e
        if written != len(line) + 1:
            raise _unavailable("the record was cut off")


def open_audit(file: Path | None) -> int:
    """A descriptor for a file (created with mode 0600), or the standard output for None.

    Raises OSError.
    """
    if file is None:
        return 1
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _unavailable(reason: str) -> Outage:
    return Outage(
        Code.AUDIT_UNAVAILABLE,
        f"The audit record can't be written ({reason}), so nothing was done.",
    )
