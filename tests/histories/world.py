"""What all histories in flight share: the cluster, two replicas, the policy in force, and what befell them."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from jwt_to_rbac.sandbox import Sandbox
from tests.histories.cluster import Cluster, administered
from tests.histories.policies import POLICIES, at_most
from tests.histories.replicas import Replica, Replicas
from tests.support.cluster import kubectl
from tests.support.configuration import configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.oracle.invariants import History
from tests.support.oracle.ledger import FOREVER, Disturbed, InForce
from tests.support.oracle.recorder import Recorder

ASKED_WITHIN = 45.0
"""Seconds until a client gives up, which no server may let it come to."""

AT_REST_WITHIN = 60.0
"""Seconds: many histories are in flight, and replicas are killed and held up for others too."""

MENDED_WITHIN = 8.0
"""Seconds of being led in which what happened by a hand, a race or a held-up write is mended. Two
where the machine has nothing else to do; here many histories are in flight."""

AT_ONCE = 2.0
"""Seconds in which what was on its way has reached the cluster."""


@dataclass
class World:
    """`put` numbers the policy in force. `administrator` is a Kubernetes token for our audience."""

    cluster: Cluster
    http: aiohttp.ClientSession
    issuer: ManyPeople
    recorder: Recorder
    replicas: Replicas
    administrator: str
    policies: list[InForce] = field(default_factory=list)
    policy: int = 0
    replaced: list[float] = field(default_factory=list)
    """When each policy but the last was replaced, in seconds since 1970."""
    woken: list[float] = field(default_factory=list)
    """When replicas that had been held up woke up: a write may have been on its way."""
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while something befalls the replicas."""
    done: Counter[str] = field(default_factory=Counter)
    rested_after: list[float] = field(default_factory=list)
    """Seconds from the last step of each history until all was as it should be."""
    in_flight: set[int] = field(default_factory=set)
    """Seeds of the histories that are being played."""
    rests_within: float = AT_REST_WITHIN

    async def change_policy(self, number: int) -> None:
        """Save it for both replicas, one after the other as a rollout does."""
        async with self.alone:
            since = await self.cluster.version()
            self.policies.append(InForce(at_most(number), since))
            for replica in self.replicas.both:
                replica.put(POLICIES[number])
            self.policy = number
            self.replaced.append(time.time())

    async def kill(self, *which: int) -> None:
        """SIGKILL, and a new start."""
        async with self.alone:
            outage = self.replicas.outage(len(which))
            for n in which:
                self.replicas.both[n].kill()
            for n in which:
                self.replicas.both[n].start()
            await self.replicas.settled()
            self.replicas.ended(outage)

    async def pause(self, which: int, seconds: float) -> None:
        """SIGSTOP for so long: beyond the Lease's end another leads when this one wakes up."""
        async with self.alone:
            outage = self.replicas.outage(1)
            self.replicas.both[which].pause()
            await asyncio.sleep(seconds)
            self.replicas.both[which].wake()
            self.woken.append(time.time())
            await self.replicas.settled()
            self.replicas.ended(outage)

    async def leader(self) -> int:
        return await self.replicas.leader() or 0

    def in_force(self, history: History) -> list[InForce]:
        """The policies; each of them until what it gave must be gone, by the time of revisions."""
        ends = [self.replicas.mended_by(one, MENDED_WITHIN) for one in self.replaced]
        return [
            InForce(one.grants, one.since, _version_at(history, end))
            for one, end in zip(self.policies, [*ends, float("inf")], strict=True)
        ]

    def disturbed(self) -> list[Disturbed]:
        """What may have been too much for anybody."""
        return [self.disturbance("", at, at) for at in self.woken]

    def disturbance(self, account: str, since: float, until: float) -> Disturbed:
        """What was done between these times may have its effect a moment later."""
        mended_by = self.replicas.mended_by(until, MENDED_WITHIN)
        return Disturbed(account, since, until + AT_ONCE, mended_by)

    def records(self, marks: tuple[str, ...]) -> list[dict[str, object]]:
        """The audit records that have one of these words in them."""
        return [
            json.loads(line)
            for replica in self.replicas.both
            for line in (replica.folder / "audit.log").read_text().splitlines()
            if any(mark in line for mark in marks)
        ]


@asynccontextmanager
async def world(
    sandbox: Sandbox,
    issuer: ManyPeople,
    recorder: Recorder,
    folder: Path,
    program: tuple[str, ...] = ("jwt_to_rbac",),
) -> AsyncIterator[World]:
    """Two replicas that serve, and whose controllers run, on an installed cluster.

    `program` is a module of Python, with what goes before the arguments.
    """
    patience = aiohttp.ClientTimeout(total=ASKED_WITHIN)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with (
        administered(sandbox.kubeconfig) as cluster,
        aiohttp.ClientSession(timeout=patience, connector=connector) as http,
    ):
        first, second = (
            _replica(sandbox, issuer, folder / f"replica-{n}", http, program) for n in (1, 2)
        )
        replicas = Replicas((first, second))
        with _administrator(sandbox) as token:
            made = World(cluster, http, issuer, recorder, replicas, token)
            made.policies.append(InForce(at_most(0), await cluster.version()))
            try:
                for one in replicas.both:
                    one.put(POLICIES[0])
                    one.start()
                await replicas.settled()
                yield made
            finally:
                for one in replicas.both:
                    one.stop()


def _version_at(history: History, at: float) -> int:
    return next((one.version for one in history.revisions if one.at > at), FOREVER)


def _replica(
    sandbox: Sandbox,
    issuer: ManyPeople,
    folder: Path,
    http: aiohttp.ClientSession,
    program: tuple[str, ...],
) -> Replica:
    (folder / "configured").mkdir(parents=True)
    audit = folder / "audit.log"
    audit.touch()
    config = configuration(sandbox.kubeconfig, audit, {issuer.url: AUDIENCE})
    return Replica(folder, config, http, program)


@contextmanager
def _administrator(sandbox: Sandbox) -> Iterator[str]:
    name = "administrator-of-histories"
    kubectl(sandbox, "create", "serviceaccount", name)
    role = ("--clusterrole=cluster-admin", f"--serviceaccount=default:{name}")
    kubectl(sandbox, "create", "clusterrolebinding", name, *role)
    asked = ("--audience=jwt-to-rbac", "--duration=24h")
    yield kubectl(sandbox, "create", "token", name, *asked).strip()
    kubectl(sandbox, "delete", "clusterrolebinding", name)
    kubectl(sandbox, "delete", "serviceaccount", name)
