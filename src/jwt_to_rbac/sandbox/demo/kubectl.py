"""kubectl as one person: a program, a kubeconfig, and what it said."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jwt_to_rbac.sandbox.demo.telling import Wrong

_SECONDS = 90.0


@dataclass(frozen=True)
class Done:
    """One finished command."""

    allowed: bool
    said: str


@dataclass(frozen=True)
class Kubectl:
    """Runs `program` with the credentials in `kubeconfig`; its caches lie beside that file."""

    program: Path
    kubeconfig: Path

    def ask(self, *arguments: str) -> Done:
        """Run one command, whatever its outcome."""
        run = self._run(arguments)
        return Done(run.returncode == 0, (run.stdout or run.stderr).strip())

    def do(self, *arguments: str, given: str | None = None) -> str:
        """What a command prints that must work; `given` is its standard input. Raises Wrong."""
        run = self._run(arguments, given)
        if run.returncode:
            raise Wrong(f"`kubectl {' '.join(arguments)}` failed: {run.stderr.strip()}")
        return run.stdout.rstrip()

    def get(self, *arguments: str) -> Any:
        """`kubectl get … -o json`, parsed."""
        return json.loads(self.do("get", *arguments, "-o", "json"))

    def names(self, *arguments: str) -> list[str]:
        """`kind/name` of everything that `kubectl get …` finds."""
        return self.do("get", *arguments, "-o", "name", "--ignore-not-found").split()

    def _run(
        self, arguments: tuple[str, ...], given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        cache = self.kubeconfig.with_name("kubectl-cache")
        return subprocess.run(
            [str(self.program), "--kubeconfig", str(self.kubeconfig), *arguments],
            input=given if given is not None else "",
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env=os.environ | {"KUBECACHEDIR": str(cache)},
            # A Ctrl-C is for the demo, which then ends in order.
            start_new_session=True,
        )


def with_token(admin: Kubectl, file: Path, token: str) -> Kubectl:
    """kubectl on the same cluster with nothing but a bearer token; writes its kubeconfig (0600)."""
    view = json.loads(admin.do("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    [cluster] = view["clusters"]
    name = file.name.partition(".")[0]
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": cluster["name"], "user": name}}],
        "current-context": name,
    }
    file.touch(mode=0o600)
    # JSON is YAML, and kubectl reads it.
    file.write_text(json.dumps(document, indent=1))
    return Kubectl(admin.program, file)
