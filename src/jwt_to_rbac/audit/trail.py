"""The port `Audit`: facts become a record, and the record a line that is written before the effect."""

from contextvars import ContextVar

import msgspec

from jwt_to_rbac.audit.record import Fact, Record, in_milliseconds, plain
from jwt_to_rbac.audit.writer import Writer
from jwt_to_rbac.core.one_line import one_line
from jwt_to_rbac.ports import Clock


class AuditTrail:
    """Records decisions of one replica. `source` tells from where the request at hand came."""

    def __init__(self, writer: Writer, replica: str, source: ContextVar[str], clock: Clock) -> None:
        self._writer = writer
        self._replica = replica
        self._source = source
        self._clock = clock
        self._encode = msgspec.json.Encoder().encode

    async def record(self, event: str, **facts: Fact) -> None:
        """Return once the record is written; raises Outage (audit_unavailable): then no effect.

        Raises TypeError for a fact whose name or kind `Record` doesn't take.
        """
        for name, value in facts.items():
            plain(name, value)
        record = Record(
            time=in_milliseconds(self._clock()),
            event=event,
            replica=self._replica,
            source=self._source.get(),
            **facts,
        )
        await self._writer.write(one_line(self._encode(record)))
