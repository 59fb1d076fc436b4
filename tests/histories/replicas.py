"""Two replicas as processes that lead in turn: killed, held up, woken, started again on the same port."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.histories.waiting import eventually
from tests.support.configuration import write
from tests.support.server import free_port

READY_SECONDS = 60.0
LEADS = "\njwt_to_rbac_leader 1.0\n"
TOLD_ALL = "\njwt_to_rbac_settling_queue_depth 0.0\n"


@dataclass
class Replica:
    """`config` is without the policy, which `start` and `put` are given."""

    folder: Path
    config: dict[str, object]
    http: aiohttp.ClientSession
    program: tuple[str, ...] = ("jwt_to_rbac",)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def configured(self) -> Path:
        """Apart from what the replica writes: it watches the whole folder."""
        return self.folder / "configured"

    @property
    def output(self) -> Path:
        return self.folder / "server.log"

    def put(self, policy: dict[str, object]) -> None:
        """Save the configuration with this policy: it is taken up by whoever runs."""
        write(
            self.config | {"policy": {"dynamicRoles": True} | policy},
            f"127.0.0.1:{self.port}",
            self.configured,
        )

    def start(self) -> None:
        command = [sys.executable, "-m", *self.program, "serve"]
        with self.output.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--config", str(self.configured / "config.yaml")],
                stdout=log,
                stderr=log,
                env=os.environ,
            )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)

    def stop(self) -> None:
        """As Kubernetes does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(30)

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, which: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(which)

    async def is_ready(self) -> bool:
        return await self._get("/readyz") is not None

    async def leads(self) -> bool:
        return LEADS in (await self._get("/metrics") or "")

    async def has_told_all(self) -> bool:
        """Whether no login is left of which the status is yet to tell."""
        return TOLD_ALL in (await self._get("/metrics") or "")

    async def _get(self, path: str) -> str | None:
        patience = aiohttp.ClientTimeout(total=1)
        try:
            async with self.http.get(self.url + path, timeout=patience) as reply:
                return await reply.text() if reply.status == 200 else None
        except (OSError, TimeoutError, aiohttp.ClientError):
            return None


@dataclass
class Replicas:
    """Both of them, and when how many could not be relied on: since, until (seconds since 1970)."""

    both: tuple[Replica, Replica]
    outages: list[tuple[float, float, int]] = field(default_factory=list)

    async def leader(self) -> int | None:
        for n, one in enumerate(self.both):
            if await one.leads():
                return n
        return None

    async def have_told_all(self) -> bool:
        return all([await one.has_told_all() for one in self.both])

    async def settled(self) -> None:
        """Return once both serve and one of them leads."""

        async def all_well() -> bool:
            ready = [await one.is_ready() for one in self.both]
            return all(ready) and await self.leader() is not None

        if not await eventually(all_well, READY_SECONDS):
            said = "\n".join(one.output.read_text()[-3000:] for one in self.both)
            raise AssertionError(f"the replicas don't recover:\n{said}")

    def mended_by(self, since: float, within: float) -> float:
        """Until when what happened at `since` must be mended: `within` seconds of being led."""
        until = since + within
        for began, ended, _ in sorted(self.outages):
            if began <= until and ended >= since:
                until = max(until, ended + within)
        return until

    def outages_within(self, since: float, until: float) -> int:
        """How often a replica could not be relied on between these times."""
        found = [
            how_many for began, ended, how_many in self.outages if began <= until and ended >= since
        ]
        return sum(found)

    def outage(self, how_many: int) -> int:
        """Begin one, for `ended`."""
        self.outages.append((time.time(), float("inf"), how_many))
        return len(self.outages) - 1

    def ended(self, outage: int) -> None:
        began, _, how_many = self.outages[outage]
        self.outages[outage] = (began, time.time(), how_many)
