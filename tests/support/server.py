"""The product as a process, started as a person would start it, on a free loopback port."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """A running server: where it is, its process, and the file that its output goes to."""

    url: str
    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        return self.output.read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_server(config: str, folder: Path) -> Iterator[Server]:
    """Start `jwt-to-rbac serve` with this configuration (`{port}` is filled in); stop it after."""
    port = free_port()
    file = folder / "config.yaml"
    file.write_text(config.replace("{port}", str(port)))
    output = folder / "server.log"
    command = [sys.executable, "-m", "jwt_to_rbac", "serve", "--config", str(file)]
    with output.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ)
    server = Server(f"http://127.0.0.1:{port}", process, output)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _wait_until_ready(server: Server) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        try:
            urllib.request.urlopen(server.url + "/readyz", timeout=2).close()
        except (urllib.error.URLError, OSError):
            select_pause()
        else:
            return
    raise AssertionError(f"the server did not get ready:\n{server.said()}")


def select_pause() -> None:
    """A short wait between two looks at a condition."""
    time.sleep(0.05)
