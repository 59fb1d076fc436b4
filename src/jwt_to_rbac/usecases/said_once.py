"""Records for decisions that are asked again and again: each different one once in a while.

An API server asks a webhook the same every ten seconds for as long as a token is used, and its
own audit log has each request. What ours adds is that and why somebody was let in or refused,
which is said once for `SECONDS`; whatever was not said yet is said before it takes effect.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from jwt_to_rbac.ports import Audit, Clock, Request

SECONDS = 300.0
"""How long a decision counts as recorded."""

MOST = 16_384
"""Decisions remembered, some 200 bytes each; beyond, the oldest are said again, never left out."""


@dataclass(frozen=True, slots=True)
class SaidOnce:
    """An audit that keeps quiet about what it has just said."""

    audit: Audit
    clock: Clock
    said: OrderedDict[Hashable, float] = field(default_factory=OrderedDict)

    async def record(
        self,
        key: Hashable,
        event: str,
        request: Request,
        **facts: str | int | bool | Sequence[str] | None,
    ) -> None:
        """Record `event` unless `key` was recorded lately. Raises Outage: then no effect."""
        now = self.clock()
        last = self.said.get(key)
        if last is not None and abs(now - last) < SECONDS:
            return
        await self.audit.record(event, request=request, **facts)
        self.said[key] = now
        self.said.move_to_end(key)
        if len(self.said) > MOST:
            self.said.popitem(last=False)
