"""One supervised program: started, watched until it is ready, ended. Knows no program by name."""

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.sandbox.errors import PartFailed
from jwt_to_rbac.sandbox.lifeline import die_with_parent
from jwt_to_rbac.sandbox.places import failures_home
from jwt_to_rbac.sandbox.protocol import PartState

_POLL_SECONDS = 0.03
_TAIL_LINES = 15
# What Go (etcd, kube-apiserver, Dex), Python and slapd say; a try with other ports is the cure.
_PORT_TAKEN = re.compile(r"address already in use|errno=98", re.IGNORECASE)


@dataclass(frozen=True)
class Recipe:
    """How to run a program.

    `is_ready` answers at once and returns False (or raises OSError) until it is; `patience`
    is in seconds.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    is_ready: Callable[[], Awaitable[bool]]
    patience: float = 30.0


class Part:
    """A program and its process, if it runs. All methods belong to the keeper's main thread."""

    def __init__(self, recipe: Recipe, logs: Path) -> None:
        self._recipe = recipe
        self._log = logs / f"{recipe.name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._trouble: str | None = None

    @property
    def name(self) -> str:
        """The program's name, which is also its log's."""
        return self._recipe.name

    @property
    def state(self) -> PartState:
        """What an owner may know."""
        pid = self._process.pid if self._process is not None else None
        return PartState(self.name, pid, str(self._log), self._trouble)

    async def start(self, flags: tuple[str, ...] = ()) -> None:
        """Run the program with `flags` after its own and return when it is ready.

        Raises PartFailed if it runs already, dies, or isn't ready in time.
        """
        if self._process is not None:
            raise PartFailed(f"{self.name} runs already (pid {self._process.pid}); stop it first.")
        self._trouble = None
        with self._log.open("ab") as log:
            began_at = log.tell()
            process = self._process = await asyncio.create_subprocess_exec(
                *self._recipe.command,
                *flags,
                env=self._recipe.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),
            )
        self._watcher = asyncio.create_task(self._watch(process))
        try:
            async with asyncio.timeout(self._recipe.patience):
                await self._until_ready(process)
        except TimeoutError:
            raise self._failed(f"was not ready after {self._recipe.patience:.0f} s") from None
        if process.returncode is not None:
            taken = _PORT_TAKEN.search(self._read_log(began_at)) is not None
            raise self._failed(f"ended with {_how(process.returncode)}", port_taken=taken)

    async def stop(self) -> None:
        """End the program with SIGKILL, as a crash would, and wait for its end; safe to repeat."""
        process, self._process = self._process, None
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        while process.returncode is None:
            try:
                # Alive must be asked after ready: an answer may come from a stranger on the port.
                if await self._recipe.is_ready() and process.returncode is None:
                    return
            except OSError:
                pass  # nobody listens yet
            await asyncio.sleep(_POLL_SECONDS)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self._process = None
        self._trouble = str(self._failed(f"ended with {_how(code)}"))

    def _failed(self, what: str, *, port_taken: bool = False) -> PartFailed:
        kept = failures_home() / self._log.name
        # The sandbox's folder goes away with it; the log of a failure must outlive it.
        shutil.copyfile(self._log, kept)
        tail = "\n".join(f"  | {line}" for line in self._read_log().splitlines()[-_TAIL_LINES:])
        return PartFailed(
            f"{self.name} {what}. The end of its log ({self._log}; kept as {kept}):\n{tail}",
            port_taken=port_taken,
        )

    def _read_log(self, start: int = 0) -> str:
        with self._log.open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="replace")


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
