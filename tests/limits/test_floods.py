"""Limits: floods go at their own expense, and whoever can prove who they are isn't held up."""

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest

from jwt_to_rbac.api.edge import DEADLINE, HELD_A_SECOND, HELD_SECONDS, MOST_HELD, held_for
from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import clear, install
from tests.support.configuration import configuration
from tests.support.issuer import AUDIENCE, ManyPeople, many_people
from tests.support.server import Server, running_server

LIMITS = {
    "failuresAtOnce": 5,
    "failuresPerMinute": 1,
    "callerRequestsPerSecond": 2,
    "concurrentLogins": 3,
}
"""Small; a caller has ten seconds' worth at once, all sources have ten times one's failures."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Limited:
    """A server with small limits, behind a proxy that it trusts: us."""

    server: Server
    audit: Path

    def call(
        self, method: str, path: str, source: str, body: object = None, bearer: str = ""
    ) -> Answer:
        at = urlsplit(self.server.url)
        connection = http.client.HTTPConnection(str(at.hostname), at.port, timeout=30)
        headers = {"X-Forwarded-For": source} | (
            {"Authorization": f"Bearer {bearer}"} if bearer else {}
        )
        began = monotonic()
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        reply = connection.getresponse()
        found = {name.lower(): value for name, value in reply.getheaders()}
        answer = Answer(reply.status, found, reply.read(), monotonic() - began)
        connection.close()
        return answer

    def log_in(self, token: str, source: str) -> Answer:
        return self.call("POST", "/rbac/", source, {"token": token})

    def records(self, event: str, source: str) -> list[dict[str, Any]]:
        lines = map(json.loads, self.audit.read_text().splitlines())
        return [one for one in lines if (one["event"], one["source"]) == (event, source)]


@pytest.fixture(scope="module")
def issuer() -> Iterator[ManyPeople]:
    with many_people() as running:
        yield running


@contextmanager
def limited_server(sandbox: Sandbox, issuer: ManyPeople, folder: Path) -> Iterator[Limited]:
    install(sandbox)
    audit = folder / "audit.log"
    config = configuration(sandbox.kubeconfig, audit, {issuer.url: AUDIENCE})
    config |= {"limits": LIMITS, "server": {"trustedProxies": ["127.0.0.0/8"]}}
    with running_server(config, folder) as server:
        yield Limited(server, audit)
    clear(sandbox)


@pytest.fixture(scope="module")
def limited(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Limited]:
    """For tests that have sources of their own, and few failures: all together may have 50."""
    with limited_server(sandbox, issuer, tmp_path_factory.mktemp("limited")) as server:
        yield server


@pytest.fixture
def flooded(sandbox: Sandbox, issuer: ManyPeople, tmp_path: Path) -> Iterator[Limited]:
    """For a test that uses up what all sources have."""
    with limited_server(sandbox, issuer, tmp_path) as server:
        yield server


def flood(limited: Limited, source: str, times: int) -> list[Answer]:
    """So many bad tokens at the same time."""
    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(lambda n: limited.log_in(f"bad-{n}", source), range(times)))


@pytest.mark.parametrize("held", [1, 64, 256, 257, 1000, MOST_HELD])
def test_more_connections_bring_a_flood_no_more_answers(held: int) -> None:
    assert HELD_SECONDS <= held_for(held) < DEADLINE / 2
    assert held / held_for(held) <= HELD_A_SECOND


def test_refusals_are_held_back_where_there_were_too_many_and_good_logins_are_not(
    limited: Limited, issuer: ManyPeople
) -> None:
    first = [limited.log_in("bad", "192.0.2.1") for _ in range(5)]
    assert max(answer.seconds for answer in first) < HELD_SECONDS
    held = limited.log_in("bad", "192.0.2.1")
    assert held.status == 401
    assert held.seconds >= HELD_SECONDS
    assert held.headers["connection"] == "close"
    good = limited.log_in(issuer.token("colleague"), "192.0.2.1")
    assert good.status == 201
    assert good.seconds < HELD_SECONDS
    elsewhere = limited.log_in("bad", "192.0.2.2")
    assert (elsewhere.status, elsewhere.seconds < HELD_SECONDS) == (401, True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/nowhere", 404, id="no-such-path"),
        pytest.param("PUT", "/rbac/", 405, id="wrong-method"),
        pytest.param("GET", "/rbac/", 401, id="no-credential"),
        pytest.param("POST", "/rbac/", 400, id="no-body"),
    ],
)
def test_whatever_is_refused_before_a_proof_counts(
    limited: Limited, method: str, path: str, status: int
) -> None:
    source = f"198.51.100.{status % 256}"
    answers = [limited.call(method, path, source) for _ in range(6)]
    assert {answer.status for answer in answers} == {status}
    assert [answer.seconds >= HELD_SECONDS for answer in answers] == [False] * 5 + [True]


def test_one_network_of_version_6_counts_as_one_source(limited: Limited) -> None:
    answers = [limited.log_in("bad", f"2001:db8::{n}") for n in range(6)]
    assert answers[-1].seconds >= HELD_SECONDS
    assert limited.log_in("bad", "2001:db8:0:1::1").seconds < HELD_SECONDS


def test_a_flood_fills_no_audit_record_and_locks_nobody_out(
    flooded: Limited, issuer: ManyPeople
) -> None:
    answers = flood(flooded, "192.0.2.1", 150)
    turned_away = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {401, 429}
    problem = turned_away[0].json()
    assert (problem["code"], problem["status"]) == ("too_many_requests", 429)
    assert int(turned_away[0].headers["retry-after"]) >= 1
    assert turned_away[0].headers["content-type"] == "application/problem+json"
    refused = flooded.records("login_refused", "192.0.2.1")
    assert len(refused) == len(answers) - len(turned_away)
    (told,) = flooded.records("limited", "192.0.2.1")
    assert told["code"] == "too_many_requests"
    assert flooded.log_in(issuer.token("colleague"), "192.0.2.1").status == 201


def test_many_sources_together_are_a_flood_too(flooded: Limited) -> None:
    answers = [flooded.log_in("bad", f"192.0.2.{n}") for n in range(51)]
    assert answers[0].seconds < HELD_SECONDS
    assert answers[-1].seconds >= HELD_SECONDS


def test_one_caller_who_is_proven_has_a_rate_of_their_own(
    limited: Limited, issuer: ManyPeople
) -> None:
    eager, other = issuer.token("eager"), issuer.token("other")
    assert {limited.log_in(eager, f"203.0.113.{n}").status for n in range(20)} == {201}
    more = (limited.log_in(eager, f"203.0.113.{n}") for n in range(250))
    over = next(answer for answer in more if answer.status != 201)
    assert (over.status, over.json()["code"]) == (429, "too_many_requests")
    assert int(over.headers["retry-after"]) >= 1
    assert limited.log_in(other, "203.0.113.1").status == 201


def test_more_logins_at_one_time_than_there_are_places_are_asked_to_come_again(
    limited: Limited, issuer: ManyPeople
) -> None:
    tokens = [issuer.token(f"morning-{n}") for n in range(40)]
    with ThreadPoolExecutor(len(tokens)) as threads:
        answers = list(threads.map(lambda token: limited.log_in(token, "192.0.2.1"), tokens))
    busy = [answer for answer in answers if answer.status != 201]
    assert len(busy) < len(answers)
    assert {(one.status, one.json()["code"]) for one in busy} == {(503, "busy")}
    assert all(int(one.headers["retry-after"]) >= 1 for one in busy)


def test_records_tell_the_source_that_the_trusted_proxy_names(limited: Limited) -> None:
    limited.log_in("bad", "198.51.100.66, 203.0.113.9")
    assert len(limited.records("login_refused", "203.0.113.9")) == 1


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Authorization": "Bearer " + "x" * 200_000}, id="too-large"),
        pytest.param({f"X-{n}": "x" for n in range(500)}, id="too-many"),
    ],
)
def test_headers_beyond_any_use_are_refused(limited: Limited, headers: dict[str, str]) -> None:
    at = urlsplit(limited.server.url)
    connection = http.client.HTTPConnection(str(at.hostname), at.port, timeout=10)
    connection.request("GET", "/rbac/", headers=headers)
    assert connection.getresponse().status == 431
    connection.close()


def test_connections_that_say_nothing_keep_nobody_out(limited: Limited) -> None:
    at = urlsplit(limited.server.url)
    with ExitStack() as open_ones:
        for _ in range(500):
            open_ones.enter_context(socket.create_connection((str(at.hostname), at.port)))
        assert limited.call("GET", "/healthz", "192.0.2.1").seconds < HELD_SECONDS
