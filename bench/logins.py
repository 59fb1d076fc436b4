"""Renewals and logins beside the raw calls, at 1, 16 and 64 in flight, as ratios."""

import secrets
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.load import Call, Measured, measure, peak_memory
from bench.stages import Product, Raw
from jwt_to_rbac.kube.connections import Connections
from jwt_to_rbac.kube.session import KubeSession, load_configuration
from jwt_to_rbac.sandbox import start
from tests.support.cluster import install
from tests.support.configuration import configuration
from tests.support.issuer import AUDIENCE, ManyPeople, many_people
from tests.support.server import running_server

IN_FLIGHT = (1, 16, 64)

TURNS = 3
"""Of raw calls and ours, one after the other: what else the machine does falls on both."""

FASTEST_NEW_PEOPLE = 400
"""New people a second that a bench may use up; peers.md's raw calls reach this on two cores."""

HEAD = """\
| what | in flight | raw/s | raw p50 | raw p99 | ours/s | ours p50 | ours p99 | rate, of raw | p50, times raw | our CPU |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


@dataclass(frozen=True)
class Stage:
    """One thing measured: `prepare` is called before each row with what it may use up, `settled`
    after each turn: what it left to be done later is told, and no other turn's cost."""

    name: str
    raw: Call | None
    ours: Call
    prepare: Callable[[int], None] = lambda calls: None
    settled: Call | None = None


async def compare(kubeconfig: Path, url: str, pid: int, issuer: ManyPeople, seconds: float) -> str:
    """Measure one server (`pid`) at `url` and the API server behind it; a table in Markdown.

    Times are in milliseconds; `seconds` is how long each side of a row takes.
    """
    session = KubeSession(await load_configuration(str(kubeconfig)))
    http = Connections(url, ssl.create_default_context())
    rows, later = [HEAD], list[tuple[int, float]]()
    try:
        for stage in await _stages(session, http, issuer):
            for in_flight in IN_FLIGHT:
                stage.prepare(int(FASTEST_NEW_PEOPLE * seconds))
                rows.append(await _row(stage, in_flight, seconds, pid, later))
                print(rows[-1], file=sys.stderr)
    finally:
        await session.close()
        await http.close()
    people, wait = sum(people for people, _ in later), sum(wait for _, wait in later)
    told = (
        f"First statuses of {people} new people: {wait:.1f} s, after the last answers of each turn"
    )
    memory = f"The server's memory at its peak: {peak_memory(pid):.0f} MB"
    return "\n".join(rows) + f"\n\n{told}\n\n{memory}\n"


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
        Stage("renewal, raw bound too", raw.bound_token, renewal),
        Stage("login, nothing to change", None, same_login),
        Stage("new person", raw.new_person, new_person, sign, product.settled),
    ]


async def _row(
    stage: Stage, in_flight: int, seconds: float, pid: int, later: list[tuple[int, float]]
) -> str:
    """The median of TURNS; adds to `later` how many people were settled after ours, and how long it took."""
    raw, ours = list[Measured](), list[Measured]()
    for _ in range(TURNS):
        if stage.raw is not None:
            raw.append(await measure(stage.raw, in_flight, seconds / TURNS, None))
        ours.append(await measure(stage.ours, in_flight, seconds / TURNS, pid))
        if stage.settled is not None:
            began = time.perf_counter()
            await stage.settled()
            later.append((ours[-1].calls, time.perf_counter() - began))
    cells = [stage.name, str(in_flight)]
    for side in (raw, ours):
        cells.append(_median("{:.0f}", [one.rate for one in side]))
        cells.append(_median("{:.1f}", [one.p50 for one in side]))
        cells.append(_median("{:.1f}", [one.p99 for one in side]))
    pairs = list(zip(ours, raw, strict=False))
    cells.append(_median("{:.2f}", [one.rate / other.rate for one, other in pairs]))
    cells.append(_median("{:.2f}", [one.p50 / other.p50 for one, other in pairs]))
    cells.append(_median("{:.2f}", [one.cpu for one in ours]))
    return "| " + " | ".join(cells) + " |"


def _median(form: str, values: list[float]) -> str:
    return form.format(median(values)) if values else "-"


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
