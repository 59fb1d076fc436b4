"""Reads back the Events about AccessGrants, ours and others'. They are written by `events`."""

from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from jwt_to_rbac.core.news import Happened
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.marks import KIND
from jwt_to_rbac.kube.session import KubeSession

MOST = 500
"""Events of one name that are read: the same news is told once in ten minutes, and gone after an hour."""


class _Meta(msgspec.Struct, rename="camel"):
    creation_timestamp: datetime | None = None


class _Regarding(msgspec.Struct):
    kind: str = ""
    uid: str = ""


class _Event(msgspec.Struct, rename="camel"):
    """events.k8s.io/v1. What was written by its first version has no `eventTime`."""

    metadata: _Meta
    event_time: datetime | None = None
    deprecated_last_timestamp: datetime | None = None
    reason: str = ""
    note: str = ""
    type: str = ""
    regarding: _Regarding = msgspec.field(default_factory=_Regarding)

    def happened(self) -> Happened:
        at = self.event_time or self.deprecated_last_timestamp or self.metadata.creation_timestamp
        seconds = (at or datetime.fromtimestamp(0, UTC)).timestamp()
        return Happened(seconds, self.reason, self.note, self.type == "Warning", self.regarding.uid)


class _Events(msgspec.Struct):
    items: list[_Event]


class EventsRead:
    """The port `NewsTold` on an API server."""

    def __init__(self, session: KubeSession) -> None:
        self._session = session

    async def of(self, name: str) -> tuple[Happened, ...]:
        # The API server looks for them (it keeps no cache of Events), so nothing else is sent.
        only = quote(f"regarding.kind={KIND},regarding.name={name}", safe="")
        reply = await self._session.call("GET", f"{paths.EVENTS}?fieldSelector={only}&limit={MOST}")
        found = msgspec.json.decode(reply.body, type=_Events)
        told = (one.happened() for one in found.items)
        return tuple(sorted(told, key=lambda one: -one.at))
