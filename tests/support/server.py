"""The product as a process, started as a person would start it, on a free loopback port."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.configuration import write
from tests.support.waiting import eventually

READY_SECONDS = 30.0


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
def running_server(
    config: dict[str, object], folder: Path, controllers: bool = False
) -> Iterator[Server]:
    """Start `jwt-to-rbac serve` with this configuration on a free port; stop it after.

    Without controllers, because tests' servers have policies of their own on one cluster, and
    what leads would hold everybody to its own.
    """
    port = free_port()
    file = write(config, f"127.0.0.1:{port}", folder)
    arguments = ["serve", "--config", str(file), f"--controllers={str(controllers).lower()}"]
    with running(arguments, port, folder, os.environ) as server:
        yield server


@contextmanager
def running(
    arguments: list[str],
    port: int,
    folder: Path,
    environment: Mapping[str, str],
    directory: Path | None = None,
    scheme: str = "http",
) -> Iterator[Server]:
    """Start `jwt-to-rbac` with these arguments in `directory`, until it serves on the loopback port."""
    output = folder / "server.log"
    command = [sys.executable, "-m", "jwt_to_rbac", *arguments]
    with output.open("wb") as log:
        # Through a pipe that somebody reads, as the output of a container is.
        reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log)
        process = subprocess.Popen(
            command, stdout=reader.stdin, stderr=log, env=environment, cwd=directory
        )
    assert reader.stdin
    reader.stdin.close()
    server = Server(f"{scheme}://127.0.0.1:{port}", process, output)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        reader.wait(timeout=20)


def _wait_until_ready(server: Server) -> None:
    def ready_or_dead() -> bool:
        return server.process.poll() is not None or _is_ready(server)

    if not (eventually(ready_or_dead, READY_SECONDS) and _is_ready(server)):
        raise AssertionError(f"the server did not get ready:\n{server.said()}")


def _is_ready(server: Server) -> bool:
    try:
        # Whether it is ready is asked here, not who it is.
        anybody = ssl._create_unverified_context()  # noqa: S323
        urllib.request.urlopen(server.url + "/readyz", timeout=2, context=anybody).close()
    except OSError:
        return False
    return True
