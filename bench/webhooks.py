"""What asking us costs an API server: our decisions at a fixed rate, and its answers in each mode."""

import asyncio
import base64
import itertools
import json
import re
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import aiohttp

from bench.load import Call, cpu_seconds, measure
from jwt_to_rbac.sandbox import Sandbox, start
from tests.conformance.many_issuers import ManyIssuers, many_issuers
from tests.support.cluster import install, kubectl
from tests.support.server import Server, free_port, running_server
from tests.webhooks.api_server import Exports
from tests.webhooks.caller import access_review, token_review
from tests.webhooks.conftest import ISSUER, settings
from tests.webhooks.people import POLICY

RATE = 1000
"""Calls a second: what the promise of 2 ms is for."""

PEOPLE = 200
PODS = "/api/v1/namespaces/default/pods/x"

HEAD_DECISIONS = """\
| our answer to | calls/s | p50, asked | p99, asked | by our clock within 1 ms | within 2 ms | our CPU |
| --- | --- | --- | --- | --- | --- | --- |"""
HEAD_MODES = """\
| a GET of kube-apiserver, 4 in flight | calls/s | p50 | p99 |
| --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Stage:
    """The product with webhooks on one sandbox. `folder` has the exports."""

    sandbox: Sandbox
    issuers: ManyIssuers
    server: Server
    exports: Exports
    webhooks: str

    def token(self, number: int) -> str:
        return id_token(self.issuers, number)


def id_token(issuers: ManyIssuers, number: int) -> str:
    """Of one of `PEOPLE`, by number."""
    claims: dict[str, object] = {
        "sub": f"bench-{number}",
        "email": f"bench-{number}@example.com",
        "groups": ["hooks-developers", "hooks-watchers"],
    }
    return issuers.token(ISSUER, claims)


async def at_rate(call: Call, rate: int, seconds: float) -> tuple[float, list[float]]:
    """Start a call each 1/rate seconds whatever became of the others; calls a second, and times."""
    times: list[float] = []
    tasks = []
    began = time.perf_counter()

    async def one() -> None:
        at = time.perf_counter()
        await call()
        times.append(time.perf_counter() - at)

    for number in range(int(rate * seconds)):
        delay = began + number / rate - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    return len(times) / (time.perf_counter() - began), times


async def decisions(stage: Stage, seconds: float) -> list[str]:
    """TokenReviews and SubjectAccessReviews of many people over mutual TLS, by the asker's clock and
    by ours, which both tell as much of two shared cores; see `bench.decisions` for ours alone."""
    folder = stage.exports.folder
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "client.crt", folder / "client.key")
    connector = aiohttp.TCPConnector(ssl=context, limit=25)  # client-go's own for one host
    rows = [HEAD_DECISIONS]
    async with aiohttp.ClientSession(connector=connector) as http:

        async def post(path: str, body: bytes) -> dict[str, object]:
            async with http.post(stage.webhooks + path, data=body) as reply:
                assert reply.status == 200, await reply.text()
                found: dict[str, object] = (await reply.json())["status"]
                return found

        reviews = [
            json.dumps(token_review({"token": stage.token(n)})).encode() for n in range(PEOPLE)
        ]
        users = [(await post("/authenticate", one))["user"] for one in reviews]
        accesses = [
            json.dumps(access_review(access_of(user, n))).encode() for n, user in enumerate(users)
        ]
        for name, path, bodies in (
            ("TokenReview", "/authenticate", reviews),
            ("SubjectAccessReview", "/authorize", accesses),
        ):
            for body in bodies:
                await post(path, body)
            in_turn = itertools.cycle(bodies)

            async def call(path: str = path, in_turn: Iterator[bytes] = in_turn) -> None:
                await post(path, next(in_turn))

            pid = stage.server.process.pid
            before, counted = cpu_seconds(pid), await _within(http, stage.server.url, path)
            rate, times = await at_rate(call, RATE, seconds)
            cpu = (cpu_seconds(pid) - before) * 1e3 / len(times)
            cuts = quantiles(times, n=100, method="inclusive")
            after = await _within(http, stage.server.url, path)
            first, second, all_ = (b - a for a, b in zip(counted, after, strict=True))
            rows.append(
                f"| {name} | {rate:.0f} | {cuts[49] * 1e3:.2f} | {cuts[98] * 1e3:.2f} "
                f"| {first / all_:.2%} | {second / all_:.2%} | {cpu:.2f} |"
            )
            print(rows[-1], file=sys.stderr)
    return rows


async def _within(http: aiohttp.ClientSession, url: str, path: str) -> list[float]:
    """How many requests our own histogram has within 1 ms, within 2 ms, and in all."""
    async with http.get(f"{url}/metrics") as reply:
        text = await reply.text()
    pattern = rf'http_request_duration_seconds_bucket{{le="(.+?)",[^}}]*path="{path}"[^}}]*}} (\S+)'
    found = dict(re.findall(pattern, text))
    return [float(found[bound]) for bound in ("0.001", "0.002", "+Inf")]


def access_of(user: object, number: int) -> dict[str, object]:
    """What person `number` asks for, as an API server sends it."""
    assert isinstance(user, dict)
    attributes = {"verb": "get", "resource": "pods", "namespace": "default", "name": f"p{number}"}
    who = {"user": user["username"], "groups": user["groups"], "extra": user["extra"]}
    return who | {"resourceAttributes": attributes}


async def modes(stage: Stage, seconds: float) -> list[str]:
    """The same GETs of API servers that differ in their modes alone, one after the other."""
    sandbox, exports = stage.sandbox, stage.exports
    config = exports.folder / "config.yaml"
    authentication = exports.authentication(config)
    ways: dict[str, tuple[str, ...]] = {
        "ServiceAccount token": (),
        "ID token, webhook authentication and authorization": (
            *exports.webhook_authentication(),
            exports.webhook_authorization(),
        ),
        "ID token, structured authentication, webhook authorization": (
            authentication,
            exports.webhook_authorization(),
        ),
        "ID token, structured authentication, RBAC": (authentication,),
    }
    rows = [HEAD_MODES]
    for name, flags in ways.items():
        if flags == (authentication,):
            # What mode groups keeps for this group.
            role = "--clusterrole=hooks-developers-from-jwt"
            kubectl(sandbox, "create", "clusterrolebinding", "b", role, "--group=hooks-developers")
        with sandbox.api_server_beside("bench-apiserver", *flags) as url:
            token = await account_token(stage) if not flags else stage.token(0)
            for what in ("the same again", "each another"):
                rows.append(await _asked(sandbox, url, token, f"{name}: {what}", what, seconds))
                print(rows[-1], file=sys.stderr)
    return rows


async def account_token(stage: Stage) -> str:
    """Of person 0, as in the first mode."""
    async with aiohttp.ClientSession() as http:
        body = {"token": stage.token(0), "duration": "1h"}
        async with http.post(f"{stage.server.url}/rbac/", json=body) as reply:
            data = (await reply.json())["Token"]["data"]
    return base64.b64decode(data["token"]).decode()


async def _asked(
    sandbox: Sandbox, url: str, token: str, name: str, what: str, seconds: float
) -> str:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    headers = {"Authorization": f"Bearer {token}"}
    serial = itertools.count()
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as http:

        async def call() -> int:
            path = PODS if what == "the same again" else f"{PODS}{next(serial)}"
            async with http.get(url + path) as reply:
                await reply.read()
                return reply.status

        async with asyncio.timeout(30):
            # An API server learns of an issuer in the background; of no pod it says 404, or 403.
            while True:
                if await call() != 401:
                    break
                await asyncio.sleep(0.1)
        found = await measure(call, 4, seconds, None)
    return f"| {name} | {found.rate:.0f} | {found.p50:.2f} | {found.p99:.2f} |"


async def run(seconds: float) -> str:
    """Start a sandbox, a server and API servers, and measure; two tables, times in milliseconds."""
    with tempfile.TemporaryDirectory() as name, start() as sandbox:
        folder, port = Path(name) / "hooks", free_port()
        install(sandbox)
        url = f"https://127.0.0.1:{port}"
        with many_issuers([ISSUER], Path(name) / "issuer") as issuers:
            exports = Exports.made(folder, url)
            config = settings(sandbox, issuers, folder, port, POLICY)
            with running_server(config, folder) as server:
                stage = Stage(sandbox, issuers, server, exports, url)
                rows = [*await decisions(stage, seconds), "", *await modes(stage, seconds)]
    return "\n".join(rows) + "\n"
