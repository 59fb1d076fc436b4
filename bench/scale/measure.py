"""One number of people: filled in, started with, changed for, and a day of theirs replayed."""

import json
import secrets
import ssl
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.api_server import Request, quiet, requests
from bench.scale import day
from bench.scale.crowd import USERS, crowd
from bench.scale.policy_change import (
    Applied,
    by_a_bare_client,
    by_the_product,
    fewest_writes,
    in_line,
)
from bench.scale.process import held, metrics
from jwt_to_rbac.kube.connections import Connections
from jwt_to_rbac.sandbox import Sandbox
from jwt_to_rbac.settings.load import load
from tests.support.configuration import POLICY, configuration, pod_configuration, write
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import install_chart
from tests.support.server import free_port, running

BARE_IN_FLIGHT = 16
WARM_UP = 4
"""One in so many people has had their day before growth is measured."""

HEAD = """\
| people | filled, s | API server rested after, s | its ms of CPU: an administrator's request, a person's | p50, ms | ready, s, each time | memory, MB | at peak | bare writes/s | ours/s | of bare | lost by all, s | day: requests/s | memory before, after | sockets | tasks |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Measured:
    """Seconds and megabytes. `bare` and `applied` are the same writes."""

    people: int
    filled: float
    rested: float
    requests: tuple[Request, Request]
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
        admin, person = self.requests
        cells = [
            f"{self.people}",
            f"{self.filled:.1f}",
            f"{self.rested:.0f}",
            f"{admin.cpu:.2f}, {person.cpu:.2f}",
            f"{admin.took:.1f}, {person.took:.1f}",
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
    sandbox: Sandbox, issuer: ManyPeople, folder: Path, people: int, restarts: int = 1
) -> Measured:
    """Everybody's writes on the cluster of `sandbox`, where nobody else may be at work.

    The product and the bare client have the rights of the chart, and its admission policies
    watch both: what each call costs the API server depends on that.
    """
    port, name = free_port(), secrets.token_hex(3)
    names = [f"s{name}-{n}" for n in range(people)]
    as_admin, own = sandbox.kubeconfig, _installed(sandbox, issuer, folder)
    file = _write(own, issuer, folder, port, "admin")
    with_admin, text = load(file, {}).settings.policy, file.read_text()
    file = _write(own, issuer, folder, port, "edit")
    with_edit = load(file, {}).settings.policy
    arguments = ["serve", "--config", str(file), "--controllers=true"]
    async with AsyncExitStack() as stack:
        began = time.perf_counter()
        async with crowd(as_admin, issuer) as seen:
            await seen.fill(names, with_admin)
            filled = time.perf_counter() - began
            writes = fewest_writes(seen, with_edit)
        _say(f"{people} people, filled in {filled:.1f} s")
        bare = await by_a_bare_client(own, writes, BARE_IN_FLIGHT)
        _say(f"bare: {bare:.1f} s")
        async with crowd(as_admin, issuer) as seen:
            rested = await quiet(seen.session)
            asked = await requests(seen.session, USERS, seen.cluster.account_names()[0])
        _say(f"rested after {rested:.0f} s; requests: {asked}")
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
        async with crowd(as_admin, issuer) as seen:
            assert all(in_line(seen, one, with_admin) for one in seen.accounts())
            tasks = (await metrics(http))["jwt_to_rbac_tasks"]
            replayed = await day.replay(seen, http, pid, names, len(names) // WARM_UP)
            tasks_after = (await metrics(http))["jwt_to_rbac_tasks"]
        _say(f"day: {replayed}")
        return Measured(
            people,
            filled,
            rested,
            asked,
            tuple(ready),
            memory,
            bare,
            applied,
            replayed,
            (tasks, tasks_after),
        )


def _installed(sandbox: Sandbox, issuer: ManyPeople, folder: Path) -> Path:
    """A kubeconfig with the rights that the chart gives for both policies."""
    policy = _policy("admin")
    policy["rules"] += [{"name": "changed", "groups": ["admins"], "clusterRole": "edit"}]
    config = pod_configuration(folder / "audit.log", {issuer.url: AUDIENCE}, policy)
    return install_chart(sandbox, config, folder).credential(folder)


def _policy(role: str) -> dict[str, Any]:
    """The article's, in which admins get `role`."""
    policy: dict[str, Any] = json.loads(json.dumps(POLICY))
    policy["rules"][0]["clusterRole"] = role
    return policy


def _write(kubeconfig: Path, issuer: ManyPeople, folder: Path, port: int, role: str) -> Path:
    issuers = {issuer.url: AUDIENCE}
    config = configuration(kubeconfig, folder / "audit.log", issuers, _policy(role))
    # All come from one address.
    config["limits"] = {"callerRequestsPerSecond": 1_000_000}
    return write(config, f"127.0.0.1:{port}", folder)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
