"""The process that owns one sandbox: it starts the parts and takes everything away at its end.

Its end comes by SIGTERM, or when its owner's pipe closes, which a SIGKILL of the owner does
too. If the keeper itself is killed, the kernel ends the parts (lifeline.py), and the next
sandbox that starts removes the folder (folders.py).
"""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Never

import msgspec

from jwt_to_rbac.sandbox.errors import PartFailed, SandboxError
from jwt_to_rbac.sandbox.folders import KEEPER_LOG, Claim, claim
from jwt_to_rbac.sandbox.plane import Plane
from jwt_to_rbac.sandbox.protocol import (
    FACTS_FILE,
    AddApiServer,
    Facts,
    Failed,
    Order,
    Parts,
    Ready,
    Reply,
    Request,
    StartPart,
    StopPart,
)

# Each with other ports; more clashes in a row than this have another cause.
_TRIES = 3


class Keeper:
    """One sandbox on behalf of one owner."""

    def __init__(self, order: Order, claimed: Claim) -> None:
        self._order = order
        self._claim = claimed
        self._plane: Plane | None = None
        self._requests: asyncio.Queue[bytes] = asyncio.Queue()
        self._ending = asyncio.Event()
        self._is_up = False

    async def run(self, lines: asyncio.StreamReader) -> None:
        """Start the parts, answer requests, and return when all is ended and removed."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._ending.set)
        work = asyncio.create_task(self._work())
        # Read from the start, because the owner may go away while the parts are starting.
        reading = asyncio.create_task(self._read(lines))
        ended = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait((work, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, reading, ended):
                task.cancel()
            await asyncio.gather(work, reading, ended, return_exceptions=True)
            if self._plane is not None:
                await self._plane.stop()
            self._claim.give_up()
        if not work.cancelled():
            work.result()  # raises what went wrong unforeseen, which the log then holds

    async def _read(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            self._requests.put_nowait(line)
        # Ctrl-C while a detached one starts means that nobody will learn of it: it ends as well.
        if not (self._order.detached and self._is_up):
            self._ending.set()

    async def _work(self) -> None:
        try:
            plane, facts = await self._start()
        except SandboxError as trouble:
            _say(Failed(str(trouble)))
            return
        file = self._claim.path / FACTS_FILE
        file.touch(mode=0o600)
        file.write_bytes(msgspec.json.encode(facts))
        self._is_up = True
        _say(Ready(facts))
        await self._answer(plane)

    async def _start(self) -> tuple[Plane, Facts]:
        for tries_left in reversed(range(_TRIES)):
            plane = self._plane = Plane(self._claim.path, self._order.programs, self._order.options)
            try:
                return plane, await plane.start()
            except PartFailed as failure:
                await plane.stop()
                if not failure.port_taken or not tries_left:
                    raise
                self._claim.empty()
        raise AssertionError("the last try returns or raises")

    async def _answer(self, plane: Plane) -> Never:
        while True:
            request = msgspec.json.decode(await self._requests.get(), type=Request)
            try:
                if isinstance(request, StartPart):
                    await plane.start_part(request.name, request.flags)
                elif isinstance(request, StopPart):
                    await plane.stop_part(request.name)
                elif isinstance(request, AddApiServer):
                    await plane.add_api_server(request.name, request.port, request.flags)
                _say(Parts(plane.states))
            except SandboxError as trouble:
                _say(Failed(str(trouble)))


def _say(reply: Reply) -> None:
    # An owner that is gone needs no answer; the end of its pipe says so where it is read.
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), msgspec.json.encode(reply) + b"\n")


async def main() -> None:
    """Read the order from standard input and keep the sandbox that it asks for."""
    lines = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    order = msgspec.json.decode(await lines.readline(), type=Order)
    try:
        claimed = claim(Path(order.folder) if order.folder else None)
    except SandboxError as trouble:
        _say(Failed(str(trouble)))
        return
    # From here on the owner may be gone: what goes wrong is written where the parts' logs are.
    log = os.open(claimed.path / KEEPER_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, sys.stderr.fileno())
    await Keeper(order, claimed).run(lines)


if __name__ == "__main__":
    asyncio.run(main())
