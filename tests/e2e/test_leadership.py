"""One of several replicas leads: when it dies, stops or is held up, another does, and never two.

All the while somebody logs in at the replicas that live, without a failure. `make failover` makes the
figures that docs/scale.md tells.
"""

import json
import os
import secrets
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import cast

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import clear, install, kubectl
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server
from tests.support.server import Server
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet

TIMES = int(os.environ.get("FAILOVERS", "3"))
"""How often a leader is killed, and one stopped."""


@dataclass(frozen=True)
class Replica:
    """A replica, and the file of its audit records."""

    server: Server
    audit: Path

    def leads(self) -> bool:
        """What it says of itself."""
        if self.server.process.poll() is not None:
            return False
        with urllib.request.urlopen(self.server.url + "/metrics", timeout=5) as reply:
            return "\njwt_to_rbac_leader 1.0\n" in reply.read().decode()

    def repairs(self) -> int:
        """How often it acted as a leader does."""
        return self.audit.read_text().count('"repair"')


@dataclass
class Replicas:
    """Those that live; whoever logs in does so at one of `serving`."""

    sandbox: Sandbox
    issuer: ManyPeople
    folders: pytest.TempPathFactory
    stack: ExitStack
    alive: list[Replica] = field(default_factory=list)
    serving: list[Replica] = field(default_factory=list)
    logins: int = 0
    under_way: Lock = field(default_factory=Lock)
    """Held by whoever logs in: a replica is taken out of service between two logins, not in one."""

    def start(self) -> None:
        folder = self.folders.mktemp("replica")
        audit = folder / "audit.log"
        config = pod_configuration(audit, {self.issuer.url: AUDIENCE})
        server = self.stack.enter_context(
            installed_server(self.sandbox, config, folder, controllers=True)
        )
        self.alive.append(Replica(server, audit))
        self.serving = list(self.alive)

    def leader(self) -> Replica:
        """Who leads, once somebody does."""
        found = eventually(lambda: next((one for one in self.alive if one.leads()), None), 30)
        assert found, "nobody leads"
        return found

    def others_than(self, first: Replica) -> list[Replica]:
        """They alone serve from now on, as a Service would have it."""
        with self.under_way:
            self.serving = [one for one in self.alive if one is not first]
        return self.serving

    def log_in(self, name: str) -> str:
        body = json.dumps({"token": self.issuer.token(name)}).encode()
        with self.under_way:
            self.logins += 1
            url = self.serving[self.logins % len(self.serving)].server.url + "/rbac/"
            with urllib.request.urlopen(urllib.request.Request(url, body), timeout=30) as reply:
                return cast(str, json.loads(reply.read())["ServiceAccount"])

    @contextmanager
    def logging_in(self) -> Iterator[None]:
        """Somebody new logs in again and again; raises if that failed once."""
        over, before = Event(), self.logins

        def go_on() -> None:
            while not over.wait(0.1):
                self.log_in(f"l{secrets.token_hex(4)}")

        with ThreadPoolExecutor(1) as pool:
            failed = pool.submit(go_on)
            try:
                yield
            finally:
                over.set()
            failed.result()
        assert self.logins > before

    def until_another_acts(self, account: str, first: Replica) -> float:
        """Damage what the account holds, and wait until another than `first` mends it; in seconds."""
        began = time.monotonic()
        others = [(one, one.repairs()) for one in self.alive if one is not first]
        kubectl(self.sandbox, "delete", "clusterrolebinding", f"{account}-admin-binding")
        assert eventually(lambda: any(one.repairs() > n for one, n in others), 30)
        return time.monotonic() - began


@pytest.fixture
def replicas(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replicas]:
    """Three replicas; whatever a test starts more is stopped after it."""
    install(sandbox)
    clear(sandbox)
    with ExitStack() as stack:
        started = Replicas(sandbox, issuer, tmp_path_factory, stack)
        for _ in range(3):
            started.start()
        yield started
    clear(sandbox)


def test_a_leader_that_is_killed_is_followed_within_five_seconds_while_others_serve(
    replicas: Replicas,
) -> None:
    account, took = replicas.log_in("watched"), []
    with replicas.logging_in():
        for _ in range(TIMES):
            first = replicas.leader()
            replicas.others_than(first)
            first.server.process.kill()
            took.append(replicas.until_another_acts(account, first))
            replicas.alive.remove(first)
            replicas.start()
    told(f"killed: the next acted after, in seconds: {shown(took)}; {replicas.logins} logins")
    assert max(took) < 5, took
    assert [one.leads() for one in replicas.alive].count(True) == 1


def test_a_leader_that_stops_well_is_followed_within_a_second_while_others_serve(
    replicas: Replicas,
) -> None:
    took = []
    with replicas.logging_in():
        for _ in range(TIMES):
            first = replicas.leader()
            others = replicas.others_than(first)
            first.server.process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            assert eventually(lambda now=others: any(one.leads() for one in now), 15)  # type: ignore[misc]
            took.append(time.monotonic() - began)
            replicas.alive.remove(first)
            replicas.start()
    told(f"stopped: the next led after, in seconds: {shown(took)}; {replicas.logins} logins")
    assert max(took) < 1, took


def test_a_leader_that_was_held_up_writes_nothing_more_when_it_wakes_up(replicas: Replicas) -> None:
    account, first = replicas.log_in("watched"), replicas.leader()
    replicas.others_than(first)
    process = first.server.process
    process.send_signal(signal.SIGSTOP)
    try:
        replicas.until_another_acts(account, first)
        before = first.repairs()
        # Work that it hears of as the first thing, when it wakes up.
        kubectl(replicas.sandbox, "delete", "clusterrolebinding", f"{account}-admin-binding")
    finally:
        process.send_signal(signal.SIGCONT)
    said = "Leading no more"
    assert eventually(lambda: said in first.server.said(), 15)
    assert not first.leads()
    assert first.repairs() == before
    assert [one.leads() for one in replicas.alive].count(True) == 1


def told(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def shown(seconds: list[float]) -> str:
    return ", ".join(f"{one:.2f}" for one in sorted(seconds))
