"""Takes up a changed configuration while the program runs: when to look, and what becomes of it.

What a configuration means is for `settings`, what it changes for `wiring`. Events of the
directories (a ConfigMap swaps a link there, an editor renames) only make it quick: whether
something changed is told by the files' contents, looked at every LOOK seconds in any case.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Generic, TypeVar

from structlog.typing import FilteringBoundLogger
from watchfiles import awatch

from jwt_to_rbac.core.errors import InvalidInput, JwtToRbacError
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.ports import Clock

LOOK = 5.0
"""Seconds until the files are looked at though no event came: not every file system has events."""

SETTLED, LONGEST_SETTLING = 100, 1000
"""Milliseconds without a further event before the files are looked at, and the most to wait so."""

MOST_MISTAKES = 20
"""Lines of the log about one file; `jwt-to-rbac config check` tells all."""

Configuration = TypeVar("Configuration")


class Reloading(Generic[Configuration]):
    """Looks after the configuration's files until cancelled.

    `contents` gives the files that the configuration in force was made from, with a digest of
    what is in each now. `read` reads it anew; it raises InvalidInput with one mistake a line.
    Both may block. `take_up` puts it in force, whole; whatever it raises, nothing has changed.
    """

    def __init__(
        self,
        contents: Callable[[], Mapping[Path, str]],
        read: Callable[[], Configuration],
        take_up: Callable[[Configuration], Awaitable[None]],
        log: FilteringBoundLogger,
        clock: Clock,
    ) -> None:
        self._contents = contents
        self._read = read
        self._take_up = take_up
        self._log = log
        self._clock = clock
        self._seen: Mapping[Path, str] = {}
        self._refusal: JwtToRbacError | None = None
        self._refused_at = 0.0
        self.succeeded_at = clock()
        """When the configuration in force was last read, in seconds since 1970."""

    @property
    def failing(self) -> bool:
        """Whether the files hold what can't be taken up; then the older one is in force."""
        return self._refusal is not None

    def state(self) -> dict[str, object]:
        """For people who ask for the program's health. Tells no one what stands in a file."""
        told: dict[str, object] = {"inForceSince": rfc3339(self.succeeded_at)}
        if self._refusal is not None:
            told |= {
                "refusedSince": rfc3339(self._refused_at),
                "code": self._refusal.code,
                "detail": "A changed configuration is not taken up. The log says why; so does "
                "`jwt-to-rbac config check`, but for keys that need a restart.",
            }
        return told

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            folders = sorted(_folders(self._seen))
            try:
                await self._follow(folders)
            except OSError as e:
                self._log.warning("The configuration's files give no events", error=e)
                await asyncio.sleep(LOOK)

    async def _follow(self, folders: list[Path]) -> None:
        """Look at each event and every LOOK seconds, for as long as these folders are the right ones."""
        events = awatch(
            *folders,
            watch_filter=None,
            recursive=False,
            step=SETTLED,
            debounce=LONGEST_SETTLING,
            rust_timeout=int(LOOK * 1000),
            yield_on_timeout=True,
        )
        async with aclosing(events):
            async for _ in events:
                await self.look()
                if sorted(_folders(self._seen)) != folders:
                    return

    async def look(self) -> None:
        """Take up what has changed, if anything has; what was refused before is tried again."""
        seen = await asyncio.to_thread(self._contents)
        if seen == self._seen and not self.failing:
            return
        try:
            await self._take_up(await asyncio.to_thread(self._read))
        except JwtToRbacError as e:
            self._refuse(e)
        else:
            self._refusal = None
            self.succeeded_at = self._clock()
        self._seen = seen

    def _refuse(self, error: JwtToRbacError) -> None:
        if self._refusal is not None and error.detail == self._refusal.detail:
            return  # Said before.
        self._refusal, self._refused_at = error, self._clock()
        lines = error.detail.splitlines()
        if isinstance(error, InvalidInput):
            for line in lines[:MOST_MISTAKES]:
                self._log.error("The changed configuration has a mistake", detail=line)
        self._log.error(
            "The changed configuration is not taken up: the old one stays in force",
            code=error.code,
            detail=lines[0],
            mistakes=len(lines),
        )


def _folders(files: Mapping[Path, str]) -> set[Path]:
    """Where a change of these files is seen: beside them, and beside what they are links to."""
    places = {place.parent for file in files for place in (file.absolute(), file.resolve())}
    return {place for place in places if place.is_dir()}
