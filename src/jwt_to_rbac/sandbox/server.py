"""The product as a process of its own, started as a person would start it, on a loopback port."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.sandbox.errors import PartFailed
from jwt_to_rbac.sandbox.lifeline import die_with_parent
from jwt_to_rbac.sandbox.ports import Ports

_READY_SECONDS = 30.0
_END_SECONDS = 20.0
_PAUSE = 0.05


@dataclass(frozen=True)
class Server:
    """A running server: where it is, its process, and the file that its output goes to."""

    url: str
    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        """All that it has written so far."""
        return self.output.read_text()


@contextmanager
def running_server(config: str, folder: Path) -> Iterator[Server]:
    """Start `jwt-to-rbac serve` with this configuration, `{port}` filled in, and stop it afterwards.

    Configuration and output are files in `folder`. Raises PartFailed if it doesn't get ready.
    """
    ports = Ports()
    port = ports.take()
    file, output = folder / "config.yaml", folder / "server.log"
    file.write_text(config.replace("{port}", str(port)))
    command = [sys.executable, "-m", "jwt_to_rbac", "serve", "--config", str(file)]
    with output.open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ,
            # A Ctrl-C is for whoever started it, who then ends it in order; a kill of them ends it.
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
    server = Server(f"http://127.0.0.1:{port}", process, output)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        ports.release()


def _wait_until_ready(server: Server) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        try:
            urllib.request.urlopen(server.url + "/readyz", timeout=2).close()
        except (urllib.error.URLError, OSError):
            time.sleep(_PAUSE)
        else:
            return
    raise PartFailed(f"the server did not get ready. It said:\n{server.said()}")
