"""The port `Audit`: facts become a record, and the record a line that is written before the effect."""

import msgspec

from jwt_to_rbac.audit.record import Fact, Record, in_milliseconds, plain
from jwt_to_rbac.audit.writer import Writer
from jwt_to_rbac.core.one_line import one_line
from jwt_to_rbac.ports import Clock, Request


class AuditTrail:
    """Records decisions of one replica."""

    def __init__(self, writer: Writer, replica: str, clock: Clock) -> None:
        self._writer = writer
        self._replica = replica
        self._clock = clock
        self._encode = msgspec.json.Encoder().encode

    async def record(self, event: str, *, request: Request | None = None, **facts: Fact) -> None:
        """Return once the record is written; raises Outage (audit_unavailable): then no effect.

        Raises TypeError for a fact whose name or kind `Record` doesn't take.
        """
        for name, value in facts.items():
            plain(name, value)
        record = Record(
            time=in_milliseconds(self._clock()),
            event=event,
            request=request.id if request else None,
            replica=self._replica,
            source=request.source if request else "",
            **facts,
        )
        await self._writer.write(one_line(self._encode(record)))
