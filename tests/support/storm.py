"""A storm of bad tokens, from a process of its own so that it takes nothing from who measures.

`python -m tests.support.storm HOST PORT SOURCE CONNECTIONS FILE` sends the login bodies of FILE (one
a line) over so many connections, each as fast as it is answered, from a line `go` on the standard
input until the next line; then it prints how often it got which status, as JSON. Without more
lines it ends.
"""

import asyncio
import base64
import json
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.issuer import ManyPeople

DIFFERENT = 300
"""Bodies of each kind: more than a server answers before it could have forgotten the first."""


def bad_tokens(issuer: ManyPeople) -> dict[str, list[str]]:
    """Tokens that are refused, by kind; no two are equal."""
    good = [issuer.token(f"nobody-{n}") for n in range(DIFFERENT)]
    return {
        "garbage": [secrets.token_urlsafe(600) for _ in good],
        "bad signature": [f"{token[:-40]}{secrets.token_hex(20)}" for token in good],
        "unknown kid": [_renamed(token) for token in good],
        "expired": [issuer.token(f"late-{n}", iat=n + 1, exp=n + 2) for n in range(DIFFERENT)],
    }


def _renamed(token: str) -> str:
    header = json.dumps({"alg": "RS256", "kid": secrets.token_hex(8), "typ": "JWT"}).encode()
    return f"{base64.urlsafe_b64encode(header).decode().rstrip('=')}.{token.partition('.')[2]}"


@dataclass(frozen=True)
class Storm:
    """A storm that can be let loose, and ended."""

    process: subprocess.Popen[str]

    def begin(self) -> None:
        self._say("go")

    def end(self) -> dict[str, int]:
        """How often it was answered, by status."""
        self._say("stop")
        assert self.process.stdout
        answered: dict[str, int] = json.loads(self.process.stdout.readline())
        return answered

    def _say(self, word: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()


@contextmanager
def storm(
    url: str, tokens: list[str], connections: int, folder: Path, source: str = "127.0.0.1"
) -> Iterator[Storm]:
    """The process, not yet let loose, against the server at `url`; `source` is its own address."""
    file = folder / "storm.jsonl"
    file.write_text("".join(json.dumps({"token": token}) + "\n" for token in tokens))
    at = urlsplit(url)
    command = [sys.executable, "-m", "tests.support.storm", str(at.hostname), str(at.port)]
    with subprocess.Popen(
        [*command, source, str(connections), str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        try:
            yield Storm(process)
        finally:
            process.kill()


async def _run(host: str, port: int, source: str, connections: int, requests: list[bytes]) -> None:
    while await asyncio.to_thread(sys.stdin.readline):
        answered: Counter[str] = Counter()
        ours = cycle(requests)
        senders = [
            asyncio.create_task(_send(host, port, source, ours, answered))
            for _ in range(connections)
        ]
        await asyncio.to_thread(sys.stdin.readline)
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        sys.stdout.write(json.dumps(answered) + "\n")
        sys.stdout.flush()


async def _send(
    host: str, port: int, source: str, ours: Iterator[bytes], answered: Counter[str]
) -> None:
    while True:
        try:
            reader, writer = await asyncio.open_connection(host, port, local_addr=(source, 0))
        except OSError:
            answered["no connection"] += 1
            await asyncio.sleep(0.1)
            continue
        with suppress(OSError, asyncio.IncompleteReadError):
            for request in ours:
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                answered[head[9:12].decode()] += 1
                if b"connection: close" in head.lower():
                    break
        writer.close()


def _request(body: str) -> bytes:
    head = f"POST /rbac/ HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body.encode()


if __name__ == "__main__":
    host, port, source, connections, file = sys.argv[1:]
    lines = Path(file).read_text().splitlines()
    asyncio.run(_run(host, int(port), source, int(connections), [_request(line) for line in lines]))
