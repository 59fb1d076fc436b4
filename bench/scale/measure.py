"""One number of people: filled in, started with, changed for, and a day of theirs replayed."""

import json
import secrets
import ssl
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.scale import day
from bench.scale.crowd import crowd
from bench.scale.policy_change import (
    Applied,
    by_a_bare_client,
    by_the_product,
    fewest_writes,
    in_line,
)
from bench.scale.process import held, metrics
from jwt_to_rbac.kube.connections import Connections
from jwt_to_rbac.settings.load import load
from tests.support.configuration import POLICY, configuration, write
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.server import free_port, running

BARE_IN_FLIGHT = 16
WARM_UP = 4
"""One in so many people has had their day before growth is measured."""

HEAD = """\
| people | filled, s | ready, s, each time | memory, MB | at peak | bare writes/s | ours/s | of bare | lost by all, s | day: requests/s | memory before, after | sockets | tasks |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Measured:
    """Seconds and megabytes. `bare` and `applied` are the same writes."""

    people: int
    filled: float
    ready: tuple[float, ...]
    memory: float
    bare: float
    applied: Applied
    day: day.Day
    tasks: tuple[float, float]

    def ratio(self) -> float:
        """The rate of our writes, of the bare client's."""
        return self.bare / self.applied.done

    def row(self) -> str:
        writes, seen = 3 * self.people, self.day
        cells = [
            f"{self.people}",
            f"{self.filled:.1f}",
            ", ".join(f"{one:.1f}" for one in self.ready),
            f"{self.memory:.0f}",
            f"{seen.after.peak:.0f}",
            f"{writes / self.bare:.0f}",
            f"{writes / self.applied.done:.0f}",
            f"{self.ratio():.2f}",
            f"{self.applied.lost:.1f}",
            f"{seen.requests / seen.seconds:.0f}",
            f"{seen.before.memory:.0f}, {seen.after.memory:.0f}",
            f"{seen.before.sockets}, {seen.after.sockets}",
            f"{self.tasks[0]:.0f}, {self.tasks[1]:.0f}",
        ]
        return "| " + " | ".join(cells) + " |"


async def measure(
    kubeconfig: Path, issuer: ManyPeople, folder: Path, people: int, restarts: int = 1
) -> Measured:
    """Everybody's writes on the cluster of `kubeconfig`, where nobody else may be at work."""
    port, name = free_port(), secrets.token_hex(3)
    names = [f"s{name}-{n}" for n in range(people)]
    file = _write(kubeconfig, issuer, folder, port, "admin")
    with_admin, text = load(file, {}).settings.policy, file.read_text()
    file = _write(kubeconfig, issuer, folder, port, "edit")
    with_edit = load(file, {}).settings.policy
    arguments = ["serve", "--config", str(file), "--controllers=true"]
    async with AsyncExitStack() as stack:
        began = time.perf_counter()
        async with crowd(kubeconfig, issuer) as seen:
            await seen.fill(names, with_admin)
            filled = time.perf_counter() - began
            writes = fewest_writes(seen, with_edit)
        _say(f"{people} people, filled in {filled:.1f} s")
        bare = await by_a_bare_client(kubeconfig, writes, BARE_IN_FLIGHT)
        _say(f"bare: {bare:.1f} s")
        ready = list[float]()
        for _ in range(restarts):
            await stack.aclose()
            began = time.perf_counter()
            server = stack.enter_context(running(arguments, port, folder, {}))
            ready.append(time.perf_counter() - began)
        http = Connections(server.url, ssl.create_default_context())
        stack.push_async_callback(http.close)
        await day.calm(http)
        pid = server.process.pid
        memory = held(pid).memory
        _say(f"ready after {', '.join(f'{one:.1f}' for one in ready)} s, memory {memory:.0f} MB")
        applied = await by_the_product(http, file, text)
        _say(
            f"ours: {applied.done:.1f} s, lost by all after {applied.lost:.1f} s, {applied.writes:.0f} writes"
        )
        await day.calm(http)
        async with crowd(kubeconfig, issuer) as seen:
            assert all(in_line(seen, one, with_admin) for one in seen.accounts())
            tasks = (await metrics(http))["jwt_to_rbac_tasks"]
            replayed = await day.replay(seen, http, pid, names, len(names) // WARM_UP)
            tasks_after = (await metrics(http))["jwt_to_rbac_tasks"]
        _say(f"day: {replayed}")
        return Measured(
            people, filled, tuple(ready), memory, bare, applied, replayed, (tasks, tasks_after)
        )


def _write(kubeconfig: Path, issuer: ManyPeople, folder: Path, port: int, role: str) -> Path:
    """The configuration in which the article's admins get `role`."""
    policy = json.loads(json.dumps(POLICY))
    policy["rules"][0]["clusterRole"] = role
    config = configuration(kubeconfig, folder / "audit.log", {issuer.url: AUDIENCE}, policy)
    # All come from one address.
    config["limits"] = {"callerRequestsPerSecond": 1_000_000}
    return write(config, f"127.0.0.1:{port}", folder)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
