"""The time between being told to stop and stopping, in which others learn of it. No listening.

Whoever spreads requests over replicas goes on sending some here for a moment, and a connection that
is kept is not taken elsewhere at all: what is sent over it just when we stop is lost. So everything
is still answered meanwhile, and each answer ends its connection.
"""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Draining:
    """`seconds` from `begin` on; a second `begin` cuts it short."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun = False

    def begin(self, stop: Callable[[], None]) -> None:
        """Call `stop` when the time is over; at once if there is none."""
        if self._begun or not self._seconds:
            stop()
            return
        self._begun = True
        asyncio.get_running_loop().call_later(self._seconds, stop)

    def served_by(self, app: ASGIApp) -> ASGIApp:
        """The same, and once it has begun each answer asks for another connection."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if not self._begun:
                await app(scope, receive, send)
                return

            async def send_last(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = [*message.get("headers", ()), (b"connection", b"close")]
                    message = {**message, "headers": headers}
                await send(message)

            await app(scope, receive, send_last)

        return answer
