"""How many calls are under way at once, and who is next. Nothing here knows what a call is."""

import asyncio
from collections import deque


class Places:
    """`count` places. Urgent ones go ahead of others; within each, first come, first served.

    Whoever took a place must give it back.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._taken = 0
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    async def take(self, urgent: bool, again: bool = False) -> None:
        """Return once there is a place. A free one means that nobody waits.

        Who must do it `again` has waited once already, and is next.
        """
        if self._taken < self.count:
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        lane = self._urgent if urgent else self._others
        if again:
            lane.appendleft(turn)
        else:
            lane.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give()  # It was handed to us in the very moment in which we went.
            raise

    def give(self) -> None:
        """Hand the place to whoever is next."""
        self._taken -= 1
        self._hand_out()

    def resize(self, count: int) -> None:
        """There are `count` from now on; 0: whoever comes waits. Nobody is driven out of theirs."""
        self.count = count
        self._hand_out()

    def _hand_out(self) -> None:
        for lane in (self._urgent, self._others):
            while lane and self._taken < self.count:
                turn = lane.popleft()
                if not turn.done():
                    self._taken += 1
                    turn.set_result(None)
