"""A person's shell on the node's network: kubectl and curl, word for word. No assertions."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jwt_to_rbac.sandbox import Sandbox
from tests.support.waiting import eventually

SECONDS = 120.0


@dataclass(frozen=True)
class Shell:
    """Works in `folder`, as the cluster's administrator; `variables` are its own."""

    folder: Path
    sandbox: Sandbox
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shutil.copyfile(self.sandbox.kubeconfig, self.folder / "kubeconfig")

    def run(self, script: str) -> str:
        """What it prints. Raises AssertionError with what it complains of."""
        done = self.tried(script)
        if done.returncode:
            raise AssertionError(f"{script}\n{done.stdout}{done.stderr}")
        return done.stdout

    def tried(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    @contextmanager
    def meanwhile(self, command: str, says: str) -> Iterator[None]:
        """While the command runs, from when it says something. Raises AssertionError."""
        log = self.folder / "meanwhile.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self._environment(),
                stdout=out,
                stderr=out,
            )
        try:
            if not eventually(lambda: says in log.read_text() or process.poll() is not None):
                raise AssertionError(f"{command} says nothing")
            if process.poll() is not None:
                raise AssertionError(f"{command} ended: {log.read_text()}")
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)

    def _environment(self) -> dict[str, str]:
        path = f"{self.sandbox.kubectl.parent}{os.pathsep}{os.environ['PATH']}"
        kubeconfig = str(self.folder / "kubeconfig")
        return os.environ | {"PATH": path, "KUBECONFIG": kubeconfig} | self.variables
