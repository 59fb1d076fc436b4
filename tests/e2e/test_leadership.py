"""One of several replicas leads: when it dies, stops or is held up, another does, and never two."""

import os
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import install
from tests.support.configuration import configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.server import Server, running_server
from tests.support.waiting import eventually

KILLS = int(os.environ.get("KILLS", "2"))
"""How often a leader is killed; KILLS=20 for the figure that the documentation tells."""


@pytest.fixture
def start(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Server]]:
    """Starts one more replica at each call; all are stopped after the test."""
    install(sandbox)

    def one_more() -> Server:
        folder = tmp_path_factory.mktemp("replica")
        config = configuration(sandbox.kubeconfig, folder / "audit.log", {issuer.url: AUDIENCE})
        return stack.enter_context(running_server(config, folder, controllers=True))

    with ExitStack() as stack:
        yield one_more


def leads(server: Server) -> bool:
    """What the replica says of itself."""
    if server.process.poll() is not None:
        return False
    with urllib.request.urlopen(server.url + "/metrics", timeout=5) as reply:
        return "\njwt_to_rbac_leader 1.0\n" in reply.read().decode()


def leader(servers: list[Server]) -> Server | None:
    return next((one for one in servers if leads(one)), None)


def test_a_leader_that_is_killed_is_followed_within_five_seconds(
    start: Callable[[], Server],
) -> None:
    servers, took = [start(), start(), start()], []
    for _ in range(KILLS):
        first = eventually(lambda: leader(servers), 15)
        assert first, "nobody leads"
        first.process.kill()
        began = time.monotonic()
        servers.remove(first)
        assert eventually(lambda: leader(servers), 15), "nobody followed"
        took.append(time.monotonic() - began)
        servers.append(start())
    sys.stdout.write(f"seconds until the next led: {sorted(took)}\n")
    assert max(took) < 5, took
    assert [leads(one) for one in servers].count(True) == 1


def test_a_leader_that_stops_well_is_followed_within_a_second(start: Callable[[], Server]) -> None:
    servers = [start(), start()]
    first = eventually(lambda: leader(servers), 15)
    assert first
    servers.remove(first)
    first.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert eventually(lambda: leads(servers[0]), 10)
    took = time.monotonic() - began
    sys.stdout.write(f"seconds until the next led: {took}\n")
    assert took < 1
