"""The product as a process in front of the sandbox, for all end-to-end tests."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import install
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople, many_people
from tests.support.oracle.invariants import left_over, meddled, misdirected
from tests.support.oracle.recorder import Recorder, recording
from tests.support.release import installed_server
from tests.support.server import Server
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, whatever its status."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Client:
    """curl, so to speak. `audit` is the file of the server's audit records."""

    server: Server
    audit: Path

    def call(self, method: str, path: str, body: object = None, bearer: str = "") -> Answer:
        data = (
            body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        )
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        request = urllib.request.Request(
            self.server.url + path,
            data,
            headers | {"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return _answer(reply)
        except urllib.error.HTTPError as reply:
            return _answer(reply)

    def log_in(self, token: str) -> Answer:
        return self.call("POST", "/rbac/", {"token": token})

    def audited(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.audit.read_text().splitlines()]


def _answer(reply: HTTPResponse | urllib.error.HTTPError) -> Answer:
    return Answer(reply.status or 0, dict(reply.headers), reply.read().decode())


@pytest.fixture(scope="session")
def issuer() -> Iterator[ManyPeople]:
    """A second issuer, whose tokens may be as bad as a test wants them."""
    with many_people() as running:
        yield running


@pytest.fixture(scope="session")
def client(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    install(sandbox)
    folder = tmp_path_factory.mktemp("server")
    audit = folder / "audit.log"
    issuers = {sandbox.issuer: sandbox.client_id, issuer.url: AUDIENCE}
    with installed_server(sandbox, pod_configuration(audit, issuers), folder) as server:
        yield Client(server, audit)


@pytest.fixture(scope="session")
def oracle(sandbox: Sandbox) -> Iterator[Recorder]:
    """Hears of every revision of every object that matters; at the end nothing of ours is orphaned."""
    install(sandbox)
    with recording(sandbox.kubeconfig) as recorder:
        yield recorder
        assert eventually(lambda: not left_over(recorder.history()), 30), left_over(
            recorder.history()
        )


@pytest.fixture(scope="module", autouse=True)
def watched(oracle: Recorder) -> Iterator[None]:
    """Under all end-to-end tests: what is true of them whatever their policies and people are."""
    began = oracle.mark()
    yield
    history = oracle.history(began)
    assert not (found := meddled(history) + misdirected(history)), "\n".join(found)
