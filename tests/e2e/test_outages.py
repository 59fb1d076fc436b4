"""What is away for a while: a clear answer within the time-out, and all is well when it is back."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from jwt_to_rbac.api.edge import DEADLINE
from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Answer, Client
from tests.support.cluster import install
from tests.support.configuration import pod_configuration
from tests.support.dex import later_id_token
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.proxy import Upstream, proxied
from tests.support.release import install_chart, installed_server
from tests.support.waiting import eventually


def test_the_api_server_is_away_and_comes_back(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    token = issuer.token("patient")
    sandbox.stop("kube-apiserver")
    try:
        began = time.monotonic()
        answer = client.log_in(token)
        took = time.monotonic() - began
        assert (answer.status, answer.json()["code"]) == (503, "cluster_unavailable"), answer.text
        assert int(answer.headers["retry-after"]) >= 1
        assert took < 10, "longer than the time-out"
        assert eventually(lambda: client.call("GET", "/readyz").status == 503)
        assert client.call("GET", "/healthz").status == 200, "no reason to be restarted"
    finally:
        sandbox.start("kube-apiserver")
    assert eventually(lambda: client.call("GET", "/readyz").status == 200, 30)
    assert_is_served(client, token)
    assert client.call("DELETE", "/rbac/patient-example-com", bearer=token).status == 202


def assert_is_served(client: Client, token: str) -> None:
    """An API server that has just begun may ask to be left alone for some seconds (Retry-After)."""
    assert eventually(lambda: client.log_in(token).status == 201, 30)


def test_the_issuer_is_away_and_known_keys_go_on(sandbox: Sandbox, client: Client) -> None:
    john = later_id_token(sandbox, "john")
    assert client.log_in(john).status == 201
    again = sandbox.id_token("john")
    sandbox.stop("dex")
    try:
        assert client.log_in(again).status == 201
    finally:
        sandbox.start("dex")
    assert client.call("DELETE", "/rbac/johndoe-example-com", bearer=again).status == 202


def test_readiness_tells_apart_that_the_issuer_is_away_and_that_the_api_server_is(
    sandbox: Sandbox, client: Client, tmp_path: Path
) -> None:
    def told() -> tuple[int, dict[str, str], list[str]]:
        answer = fresh.call("GET", "/readyz?verbose")
        return answer.status, answer.json()["issuers"], answer.json()["waitingFor"]

    token = later_id_token(sandbox, "john")
    config = pod_configuration(tmp_path / "audit", {sandbox.issuer: sandbox.client_id})
    with installed_server(sandbox, config, tmp_path) as server:
        fresh = Client(server, tmp_path / "audit")
        assert told() == (200, {sandbox.issuer: "not asked yet"}, [])
        sandbox.stop("dex")
        try:
            refused = fresh.log_in(token)
            assert (refused.status, refused.json()["code"]) == (503, "issuer_unavailable")
            # Sessions, revocations and other issuers' people are served all the same.
            assert told() == (200, {sandbox.issuer: "away"}, [])
        finally:
            sandbox.start("dex")
        assert eventually(lambda: fresh.log_in(later_id_token(sandbox, "john")).status == 201, 20)
        assert told() == (200, {sandbox.issuer: "answers"}, [])
        sandbox.stop("kube-apiserver")
        try:
            assert eventually(lambda: told()[0] == 503)
            assert told()[1] == {sandbox.issuer: "answers"}
            assert told()[2]
        finally:
            sandbox.start("kube-apiserver")
        assert eventually(lambda: told()[0] == 200, 30)
        bearer = later_id_token(sandbox, "john")
        for one in (fresh, client):
            assert_is_served(one, bearer)
        assert fresh.call("DELETE", "/rbac/johndoe-example-com", bearer=bearer).status == 202


def test_etcd_is_away_and_comes_back(sandbox: Sandbox, client: Client, issuer: ManyPeople) -> None:
    token, other = issuer.token("etcd-before"), issuer.token("etcd-meanwhile")
    assert client.log_in(token).status == 201
    path = "/rbac/etcd-before-example-com"
    requests: tuple[Callable[[], Answer], ...] = (
        lambda: client.log_in(other),
        lambda: client.call("DELETE", path, bearer=token),
    )
    sandbox.stop("etcd")
    try:
        for ask in requests:
            began = time.monotonic()
            answer = ask()
            assert (answer.status, answer.json()["code"]) == (503, "cluster_unavailable")
            # The server's own bound, and the time that a busy machine takes to say so.
            assert time.monotonic() - began < DEADLINE + 2, "longer than the time-out"
        assert client.call("GET", "/healthz").status == 200, "no reason to be restarted"
    finally:
        sandbox.start("etcd")
    assert eventually(lambda: client.call("GET", "/readyz").status == 200, 30)
    assert eventually(lambda: client.log_in(other).status == 201, 30)
    # What was not acknowledged is asked for again, and then it stays.
    asked = eventually(
        lambda: (answer := client.call("DELETE", path, bearer=token)).status != 503 and answer, 30
    )
    assert asked
    assert asked.status == 202 or asked.json()["code"] == "token_revoked", asked.text
    assert client.log_in(token).json()["code"] == "token_revoked"
    assert client.call("DELETE", "/rbac/etcd-meanwhile-example-com", bearer=other).status == 202


@pytest.mark.parametrize("seconds", [0.4, 60.0], ids=["slow", "hanging"])
def test_an_api_server_that_is_slow_is_waited_for_and_one_that_hangs_is_not(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path: Path, seconds: float
) -> None:
    install(sandbox)
    held_up = False

    async def handle(request: web.Request, upstream: Upstream) -> web.StreamResponse:
        until = time.monotonic() + seconds
        while held_up and time.monotonic() < until:  # noqa: ASYNC110  (set by the test's thread)
            await asyncio.sleep(0.05)
        return await upstream.pass_on(request)

    config = pod_configuration(tmp_path / "audit.log", {issuer.url: AUDIENCE})
    release = install_chart(sandbox, config, tmp_path)
    with (
        proxied(release.credential(tmp_path), tmp_path, handle) as kubeconfig,
        release.started(tmp_path, kubeconfig, controllers=False) as server,
    ):
        client, token = Client(server, tmp_path / "audit.log"), issuer.token(f"slow-{seconds}")
        held_up, began = True, time.monotonic()
        answer = client.call("POST", "/rbac/", {"token": token, "duration": "1h"})
        took = time.monotonic() - began
        assert took < 10, "longer than the time-out"
        told = 201 if seconds < 1 else "cluster_unavailable"
        assert told in (answer.status, answer.json().get("code")), answer.text
        held_up = False
        assert client.log_in(token).status == 201
        path = f"/rbac/{client.log_in(token).json()['ServiceAccount']}"
        assert client.call("DELETE", path, bearer=token).status == 202
