"""How many calls are under way at once, and who is next. Nothing here knows what a call is."""

import asyncio
from collections import deque


class Places:
    """`count` places. Urgent ones go ahead of others; within each, first come, first served.

    Whoever took a place must give it back.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    async def take(self, urgent: bool) -> None:
        """Return once there is a place. A free one means that nobody waits."""
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        (self._urgent if urgent else self._others).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give()  # It was handed to us in the very moment in which we went.
            raise

    def give(self) -> None:
        """Hand the place to whoever is next."""
        for lane in (self._urgent, self._others):
            while lane:
                turn = lane.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1
