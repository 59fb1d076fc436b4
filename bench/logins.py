"""Renewals and logins beside the raw calls, at 1, 16 and 64 in flight, as ratios."""

import secrets
import ssl
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.load import Call, measure, peak_memory
from bench.stages import Product, Raw
from jwt_to_rbac.kube.connections import Connections
from jwt_to_rbac.kube.session import KubeSession, load_configuration
from jwt_to_rbac.sandbox import start
from tests.support.cluster import install
from tests.support.configuration import configuration
from tests.support.issuer import AUDIENCE, ManyPeople, many_people
from tests.support.server import running_server

IN_FLIGHT = (1, 16, 64)

FASTEST_NEW_PEOPLE = 400
"""New people a second that a bench may use up; peers.md's raw calls reach this on two cores."""

HEAD = """\
| what | in flight | raw/s | raw p50 | raw p99 | ours/s | ours p50 | ours p99 | rate, of raw | p50, times raw | our CPU |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Stage:
    """One thing measured: `prepare` is called before each run with what it may use up."""

    name: str
    raw: Call | None
    ours: Call
    prepare: Callable[[int], None] = lambda calls: None


async def compare(kubeconfig: Path, url: str, pid: int, issuer: ManyPeople, seconds: float) -> str:
    """Measure one server (`pid`) at `url` and the API server behind it; a table in Markdown.

    Times are in milliseconds; `seconds` is how long each run takes.
    """
    session = KubeSession(await load_configuration(str(kubeconfig)))
    http = Connections(url, ssl.create_default_context())
    rows = [HEAD]
    try:
        for stage in await _stages(session, http, issuer):
            for in_flight in IN_FLIGHT:
                stage.prepare(int(FASTEST_NEW_PEOPLE * seconds))
                rows.append(await _row(stage, in_flight, seconds, pid))
                print(rows[-1], file=sys.stderr)
    finally:
        await session.close()
        await http.close()
    return "\n".join(rows) + f"\n\nThe server's memory at its peak: {peak_memory(pid):.0f} MB\n"


async def _stages(session: KubeSession, http: Connections, issuer: ManyPeople) -> list[Stage]:
    raw = Raw(session, secrets.token_hex(4))
    await raw.prepare()
    product = Product(http, issuer.token("known"))
    account = await product.log_in(product.known)
    tokens: list[str] = []

    def sign(calls: int) -> None:
        # Beforehand: a signature costs a millisecond, and is the issuer's work.
        tokens[:] = [issuer.token(secrets.token_hex(6)) for _ in range(calls)]

    async def renewal() -> None:
        await product.token(product.known, account)

    async def same_login() -> None:
        await product.log_in(product.known)

    async def new_person() -> None:
        await product.log_in(tokens.pop(), "1h")

    return [
        Stage("renewal", raw.token, renewal),
        Stage("login, nothing to change", None, same_login),
        Stage("new person", raw.new_person, new_person, sign),
    ]


async def _row(stage: Stage, in_flight: int, seconds: float, pid: int) -> str:
    cells = [stage.name, str(in_flight)]
    raw = await measure(stage.raw, in_flight, seconds, None) if stage.raw else None
    ours = await measure(stage.ours, in_flight, seconds, pid)
    for one in (raw, ours):
        cells += [f"{one.rate:.0f}", f"{one.p50:.1f}", f"{one.p99:.1f}"] if one else ["-"] * 3
    ratios = [f"{ours.rate / raw.rate:.2f}", f"{ours.p50 / raw.p50:.2f}"] if raw else ["-"] * 2
    return "| " + " | ".join([*cells, *ratios, f"{ours.cpu:.2f}"]) + " |"


async def run(seconds: float) -> str:
    """Start a sandbox and a server, and measure; the table."""
    with start() as sandbox, many_people() as issuer, tempfile.TemporaryDirectory() as name:
        install(sandbox)
        folder = Path(name)
        config = configuration(sandbox.kubeconfig, "stdout", {issuer.url: AUDIENCE})
        # One person logs in here thousands of times a second, which is a flood otherwise.
        config["limits"] = {"callerRequestsPerSecond": 1_000_000}
        with running_server(config, folder) as server:
            pid = server.process.pid
            return await compare(sandbox.kubeconfig, server.url, pid, issuer, seconds)
