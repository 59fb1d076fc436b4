"""Good logins while bad tokens storm in, beside good logins in quiet, under the default limits.

A good login that is told to wait, waits and comes again, as our own clients do: its time is the
whole of it.
"""

import asyncio
import secrets
import sys
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

import aiohttp

from bench.load import Measured, measure
from jwt_to_rbac.sandbox import start
from tests.support.cluster import install
from tests.support.configuration import configuration
from tests.support.issuer import AUDIENCE, ManyPeople, many_people
from tests.support.server import Server, running_server
from tests.support.storm import Storm, bad_tokens, storm

IN_FLIGHT = 4
PEOPLE = 20
SAME, OTHER = "127.0.0.1", "127.0.0.2"
"""Where the storm comes from: the good logins' own address, or another."""


@dataclass
class Compared:
    """Windows in quiet and in storm by turns, and what the storm was answered in all."""

    quiet: list[Measured]
    stormy: list[Measured]
    answered: dict[str, int]
    waited: int
    """How often a good login was told to come again."""

    def ratio(self) -> float:
        """The median of the stormy windows' p99 as a multiple of the quiet ones'."""
        return median(w.p99 for w in self.stormy) / median(w.p99 for w in self.quiet)

    def told(self) -> str:
        lines = [
            f"{name}: p99 {', '.join(f'{w.p99:.1f}' for w in windows)} ms; median p99 "
            f"{median(w.p99 for w in windows):.1f}, p50 {median(w.p50 for w in windows):.1f} ms, "
            f"{median(w.rate for w in windows):.0f} logins/s"
            for name, windows in (("quiet", self.quiet), ("storm", self.stormy))
        ]
        found = f"p99 times {self.ratio():.2f}; good logins told to wait: {self.waited}"
        return "\n".join([*lines, f"{found}; the storm was answered: {self.answered}"])


async def compare(
    server: Server, issuer: ManyPeople, bad: Storm, windows: int, seconds: float
) -> Compared:
    """Measure good logins of known people, each with a new token, in windows by turns."""
    number, crowd = count(), secrets.token_hex(3)
    needed = int(windows * 2 * seconds * 400)
    tokens = [
        issuer.token(f"{crowd}-{n % PEOPLE}", jti=str(n), iat=issuer.now() - 60)
        for n in range(min(needed, 1500))
    ]
    compared = Compared([], [], {}, 0)
    async with aiohttp.ClientSession() as http:

        async def login() -> None:
            body = {"token": tokens[next(number) % len(tokens)], "duration": "1h"}
            while wait := await attempt(body):
                compared.waited += 1
                await asyncio.sleep(wait)

        async def attempt(body: dict[str, str]) -> float:
            """0 once logged in, else for how many seconds to wait."""
            async with http.post(f"{server.url}/rbac/", json=body) as answer:
                assert answer.status in (201, 429), await answer.text()
                await answer.read()
                return 0.0 if answer.status == 201 else float(answer.headers["Retry-After"])

        await measure(login, IN_FLIGHT, seconds, None)  # Makes the people, and warms up.
        for _ in range(windows):
            compared.quiet.append(await measure(login, IN_FLIGHT, seconds, server.process.pid))
            await asyncio.to_thread(bad.begin)
            compared.stormy.append(await measure(login, IN_FLIGHT, seconds, server.process.pid))
            for status, times in (await asyncio.to_thread(bad.end)).items():
                compared.answered[status] = compared.answered.get(status, 0) + times
    return compared


def main(seconds: float = 5.0, windows: int = 4) -> None:
    """Every kind of bad token by itself, and all together, over few and many connections."""
    with start() as sandbox, many_people() as issuer, tempfile.TemporaryDirectory() as folder:
        install(sandbox)
        kinds = bad_tokens(issuer)
        kinds["all"] = [token for four in zip(*kinds.values(), strict=True) for token in four]
        config = configuration(sandbox.kubeconfig, f"{folder}/audit", {issuer.url: AUDIENCE}) | {
            "limits": {}
        }
        stages = [(kind, 32, SAME) for kind in kinds]
        stages += [("all", n, source) for n in (200, 1000) for source in (SAME, OTHER)]
        for kind, connections, source in stages:
            with (
                running_server(config, Path(folder)) as server,
                storm(server.url, kinds[kind], connections, Path(folder), source) as bad,
            ):
                compared = asyncio.run(compare(server, issuer, bad, windows, seconds))
                where = "the good ones' address" if source == SAME else "another address"
                print(f"## {kind}, {connections} connections from {where}\n{compared.told()}")
                sys.stdout.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 5.0)
