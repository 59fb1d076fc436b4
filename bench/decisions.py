"""What a decision for an API server takes of our CPU alone: the real application, without sockets.

Through the same edge, caches and audit as over TLS; what else the machine does isn't in it.
"""

import asyncio
import gc
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from bench.webhooks import PEOPLE, access_of, id_token
from jwt_to_rbac.cli.serve import GC_THRESHOLDS
from jwt_to_rbac.logs import Stderr, make_log
from jwt_to_rbac.sandbox import start
from jwt_to_rbac.settings.load import load
from jwt_to_rbac.wiring.service import service
from tests.conformance.many_issuers import many_issuers
from tests.support.cluster import install
from tests.support.configuration import write
from tests.webhooks.api_server import Exports
from tests.webhooks.caller import access_review, token_review
from tests.webhooks.conftest import ISSUER, settings
from tests.webhooks.people import POLICY

HEAD = """\
| a decision, without sockets | decisions | CPU p50 | p99 | longest |
| --- | --- | --- | --- | --- |"""


async def ask(app: ASGIApp, path: str, body: bytes) -> tuple[float, dict[str, Any]]:
    """CPU seconds of this thread until the answer, and its status."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": path, "headers": [], "client": None}
    began = time.thread_time()
    await app(scope, receive, send)
    took = time.thread_time() - began
    return took, json.loads(sent[1]["body"])["status"]


async def _row(name: str, app: ASGIApp, path: str, bodies: Sequence[bytes], seconds: float) -> str:
    times: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        times += [(await ask(app, path, body))[0] for body in bodies]
    cuts = quantiles(times, n=100, method="inclusive")
    p50, p99, longest = (1e3 * one for one in (cuts[49], cuts[98], max(times)))
    return f"| {name} | {len(times)} | {p50:.3f} | {p99:.3f} | {longest:.1f} |"


async def run(seconds: float) -> str:
    """Start a sandbox, put the program together in this process, and ask it; milliseconds."""
    with (
        start() as sandbox,
        tempfile.TemporaryDirectory() as name,
        many_issuers([ISSUER], Path(name) / "issuer") as issuers,
    ):
        folder = Path(name) / "hooks"
        install(sandbox)
        Exports.made(folder, "https://127.0.0.1:1")
        config = settings(sandbox, issuers, folder, 1, POLICY)
        loaded = load(write(config, "127.0.0.1:0", folder), {}, ())
        log = make_log("info", "json", False, Stderr())
        async with service(loaded, lambda same: same, log, controllers=False) as running:
            await running.cluster.synced()
            reviews = [
                json.dumps(token_review({"token": id_token(issuers, n)})).encode()
                for n in range(PEOPLE)
            ]
            users = [(await ask(running.webhooks, "/authenticate", one))[1] for one in reviews]
            accesses = [
                json.dumps(access_review(access_of(status["user"], n))).encode()
                for n, status in enumerate(users)
            ]
            for one in accesses:
                await ask(running.webhooks, "/authorize", one)
            gc.collect()
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLDS)
            rows = [HEAD]
            for what, path, bodies in (
                ("TokenReview", "/authenticate", reviews),
                ("SubjectAccessReview", "/authorize", accesses),
            ):
                rows.append(await _row(what, running.webhooks, path, bodies, seconds))
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(asyncio.run(run(5.0)))
