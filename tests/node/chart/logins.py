"""A load of logins, from a process of its own: everybody logs in again and again, and none may be lost.

`python -m tests.node.chart.logins URL PEOPLE` reads a body of `POST /rbac/` a line from the standard
input, then an empty line, and sends them in turn over PEOPLE connections at a time. For each
further line it prints what has come of it so far, as JSON; at the end of its input it ends.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path

import aiohttp

PATIENCE = 10.0
"""Seconds in which somebody tries again before they give up."""


@dataclass
class Came:
    """What came of it: how many logins, how many of them at the second try or later, and which
    never; `slowest` in seconds, `troubles` as they were met."""

    logins: int = 0
    repeated: int = 0
    lost: int = 0
    slowest: float = 0.0
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Load:
    """A load under way."""

    process: subprocess.Popen[str]

    def came(self) -> Came:
        """So far."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return Came(**json.loads(self.process.stdout.readline()))


@contextmanager
def logins(url: str, tokens: list[str], people: int) -> Iterator[Load]:
    """So many at a time, each with the next of these ID tokens."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.node.chart.logins", url, str(people)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        try:
            assert process.stdin
            process.stdin.write("".join(f"{token}\n" for token in tokens) + "\n")
            process.stdin.flush()
            yield Load(process)
        finally:
            process.kill()


async def _run(url: str, tokens: list[str], people: int) -> None:
    came, turn = Came(), cycle(tokens)
    # Half of them as people come, with a connection each time; half as a proxy does.
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as new,
        aiohttp.ClientSession() as kept,
    ):
        everybody = [
            asyncio.create_task(_log_in_again_and_again(one, url, turn, came))
            for _, one in zip(range(people), cycle((new, kept)), strict=False)
        ]
        while await asyncio.to_thread(sys.stdin.readline):
            sys.stdout.write(json.dumps(asdict(came)) + "\n")
            sys.stdout.flush()
        for one in everybody:
            one.cancel()
        await asyncio.gather(*everybody, return_exceptions=True)


async def _log_in_again_and_again(
    session: aiohttp.ClientSession, url: str, turn: Iterator[str], came: Came
) -> None:
    for token in turn:
        began, tries = time.monotonic(), 0
        while (trouble := await _trouble(session, url, token)) and _age(began) < PATIENCE:
            tries += 1
            came.troubles.append(f"{time.time():.2f} {trouble}")
            await asyncio.sleep(0.1)
        came.logins += 1
        came.repeated += tries > 0
        came.lost += trouble != ""
        came.slowest = max(came.slowest, _age(began))


async def _trouble(session: aiohttp.ClientSession, url: str, token: str) -> str:
    """Empty when the login is answered as one is."""
    try:
        async with session.post(f"{url}/rbac/", json={"token": token}) as answer:
            said = await answer.text()
            return "" if answer.status == 201 else f"{answer.status} {said}"
    except (aiohttp.ClientError, OSError) as error:
        return repr(error)


def _age(began: float) -> float:
    return time.monotonic() - began


if __name__ == "__main__":
    asyncio.run(
        _run(sys.argv[1], list(iter(lambda: sys.stdin.readline().strip(), "")), int(sys.argv[2]))
    )
