"""What runs beside the requests for as long as the program does: if one of them dies, all of it ends."""

import asyncio
from collections.abc import Coroutine

from structlog.typing import FilteringBoundLogger


class Background:
    """`died` is set when something ended that nobody had stopped.

    None of it is begun anew: what it knew when it failed is in doubt. A new process knows
    nothing, and whatever runs this one (Kubernetes, systemd) starts it and counts how often.
    """

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.died = asyncio.Event()

    def start(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Run `work`, which must not return by itself; the log calls it `name`."""
        task = self._tasks[name] = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)

    async def stop(self, *names: str) -> None:
        """Cancel those named, without names all, and wait for their end."""
        tasks = [self._tasks.pop(name) for name in names or list(self._tasks)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._tasks.get(task.get_name()) is not task:
            return
        self._log.error(
            "A part of the program has died, and so the program ends",
            part=task.get_name(),
            error=_innermost(None if task.cancelled() else task.exception()),
        )
        self.died.set()


def _innermost(error: BaseException | None) -> BaseException | None:
    """The first cause: a part may be a group of tasks, and the group's own trace says nothing."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
