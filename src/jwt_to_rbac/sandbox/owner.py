"""The owner's end of the pipe to a keeper: launches one, asks it things, and lets it end."""

import contextlib
import subprocess
import sys
import tempfile
import threading
from typing import IO, TypeVar, cast

import msgspec

from jwt_to_rbac.sandbox.errors import NotRunning, SandboxError
from jwt_to_rbac.sandbox.node.namespaces import OWN
from jwt_to_rbac.sandbox.protocol import Facts, Failed, Order, Parts, Ready, Request

_R = TypeVar("_R", Ready, Parts)

# The keeper kills its parts and removes a folder; a loaded machine may take a while over that.
KEEPER = "jwt_to_rbac.sandbox.keeper"
_END_SECONDS = 20.0


class Keeper:
    """A keeper process that we started. It ends when this process does, unless detached."""

    def __init__(self, order: Order) -> None:
        """Start the process and hand it `order`."""
        # Its own words until it has a folder for them: a crash at the start must be explained.
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (closed by let_go)
        self._process = subprocess.Popen(
            [*(OWN if order.options.node else ()), sys.executable, "-m", KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            # A Ctrl-C is for the owner, who then ends the keeper in order.
            start_new_session=True,
        )
        self._requests = cast(IO[bytes], self._process.stdin)
        self._replies = cast(IO[bytes], self._process.stdout)
        self._one_at_a_time = threading.Lock()
        self._send(order)

    @property
    def pid(self) -> int:
        """The keeper's process id; with a node, of the one that keeps its namespaces."""
        return self._process.pid

    def ready(self) -> Facts:
        """Wait until the sandbox is up. Raises SandboxError with what prevented it."""
        return self._receive(Ready).facts

    def ask(self, request: Request) -> Parts:
        """Have one request done. Raises SandboxError if it failed, NotRunning without a keeper."""
        with self._one_at_a_time:
            self._send(request)
            return self._receive(Parts)

    def let_go(self) -> None:
        """Close our ends of the pipes; a detached keeper goes on, any other ends."""
        # A keeper that is gone already has taken its end of the pipe with it.
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        self._replies.close()
        self._words.close()

    def end(self) -> None:
        """Let go and wait until everything is gone."""
        self.let_go()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            # Its parts die with it, and the next sandbox that starts removes the folder.
            self._process.kill()
            self._process.wait()

    def _send(self, message: Order | Request) -> None:
        if self._requests.closed:
            raise NotRunning("the sandbox was ended.")
        try:
            self._requests.write(msgspec.json.encode(message) + b"\n")
            self._requests.flush()
        except BrokenPipeError:
            raise self._gone() from None

    def _receive(self, kind: type[_R]) -> _R:
        line = self._replies.readline()
        if not line:
            raise self._gone()
        reply: _R | Failed = msgspec.json.decode(line, type=kind | Failed)
        if isinstance(reply, Failed):
            raise SandboxError(reply.message)
        return reply

    def _gone(self) -> NotRunning:
        code = self._process.wait()
        self._words.seek(0)
        words = self._words.read().decode(errors="replace")[-2000:]
        return NotRunning(f"the sandbox's keeper ended with code {code}. {words}".strip())
