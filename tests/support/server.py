"""The product as a process, started as a person would start it, on a free loopback port."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.configuration import write
from tests.support.waiting import eventually

READY_SECONDS = 60.0
"""For a start, which takes a second; a machine with twenty things to do has needed more than 30."""


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
    ready: bool = True,
) -> Iterator[Server]:
    """Start `jwt-to-rbac` with these arguments in `directory`, until it is `ready` on the loopback port."""
    # Apart from the configuration, whose folder is watched: each line would be looked at.
    output = folder / "output" / "server.log"
    output.parent.mkdir(exist_ok=True)
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
        if ready:
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
        raise AssertionError(
            f"the server did not get ready:\n{_waits_for(server)}\n{server.said()}"
        )


def _is_ready(server: Server) -> bool:
    return not _waits_for(server)


def _waits_for(server: Server) -> str:
    """Empty once it is ready."""
    try:
        # Whether it is ready is asked here, not who it is.
        anybody = ssl._create_unverified_context()  # noqa: S323
        urllib.request.urlopen(server.url + "/readyz", timeout=2, context=anybody).close()
    except urllib.error.HTTPError as unready:
        return unready.read().decode()
    except OSError as trouble:
        return str(trouble)
    return ""
