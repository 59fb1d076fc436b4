"""Helm with homes of its own, on the repository's chart. No assertions."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "charts" / "jwt-to-rbac"
NAMESPACE = "jwt-to-rbac"

Body = dict[str, Any]


@dataclass(frozen=True)
class Helm:
    """`folder` is for what Helm keeps on its machine, and for values."""

    program: Path
    folder: Path

    def template(self, values: Body, *arguments: str) -> list[Body]:
        """The objects that the chart makes of the values. Raises AssertionError with Helm's words."""
        done = self.run("template", "jwt-to-rbac", *self.chart(values), *arguments)
        if done.returncode:
            raise AssertionError(done.stderr)
        return [body for body in yaml.safe_load_all(done.stdout) if body]

    def refusal(self, values: Body) -> str:
        """What Helm says of values that it doesn't take; empty if it takes them."""
        done = self.run("template", "jwt-to-rbac", *self.chart(values))
        return done.stderr if done.returncode else ""

    def chart(self, values: Body) -> list[str]:
        """The arguments for the chart with these values."""
        file = self.folder / "values.json"
        file.write_text(json.dumps(values))
        return [str(CHART), "--namespace", NAMESPACE, "--values", str(file)]

    def run(
        self, *arguments: str, kubeconfig: str = "/dev/null"
    ) -> subprocess.CompletedProcess[str]:
        homes = {f"HELM_{home}_HOME": str(self.folder) for home in ("CACHE", "CONFIG", "DATA")}
        environment = os.environ | homes | {"KUBECONFIG": kubeconfig}
        command = [str(self.program), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=120, check=False
        )


def one(bodies: list[Body], kind: str, name: str = "") -> Body:
    """The only object of a kind (and name)."""
    (found,) = [b for b in bodies if b["kind"] == kind and name in ("", b["metadata"]["name"])]
    return found
