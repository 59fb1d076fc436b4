"""The chart as a release on the node. No assertions."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

import yaml

from jwt_to_rbac.sandbox import Sandbox
from jwt_to_rbac.sandbox.node.files import folder_of, socket
from tests.chart.release import RELEASE, article
from tests.node.chart.dex import EXAMPLE
from tests.support.cluster import get, kubectl
from tests.support.helm import NAMESPACE, Body, Helm
from tests.support.waiting import eventually

SECONDS = 120.0


@dataclass(frozen=True)
class Release:
    """A release with these values, whose two pods serve."""

    helm: Helm
    sandbox: Sandbox
    values: Body

    def act(self, verb: str, *arguments: str, **values: object) -> str:
        """A command of Helm's on it; `install` and `upgrade` take further values."""
        if verb in ("install", "upgrade"):
            chart = self.helm.chart(self.values | values)
            arguments = (*chart, "--wait", f"--timeout={SECONDS:.0f}s", *arguments)
        else:
            arguments = (*arguments, "--namespace", NAMESPACE)
        kubeconfig = str(self.sandbox.kubeconfig)
        done = self.helm.run(verb, RELEASE, *arguments, kubeconfig=kubeconfig)
        if done.returncode:
            raise AssertionError(f"{done.stdout}{done.stderr}")
        return done.stdout

    def pods(self) -> dict[str, Body]:
        """Those of the Deployment, by name."""
        selected = f"app.kubernetes.io/instance={RELEASE}"
        found = get(self.sandbox, "pods", "-n", NAMESPACE, "-l", selected)["items"]
        return {pod["metadata"]["name"]: pod for pod in found}

    def settled(self) -> None:
        """Wait until there are two pods, both ready: the ended ones are gone."""
        if not eventually(self._is_settled, SECONDS):
            raise AssertionError(json.dumps(self.pods()))

    def leader(self) -> str:
        """The name of the pod that leads."""
        lease = ("lease", "jwt-to-rbac", "-n", "jwt-to-rbac-users")
        pod, _, _ = get(self.sandbox, *lease)["spec"]["holderIdentity"].partition("_")
        return str(pod)

    def kill(self, pod: str) -> None:
        """SIGKILL to its program."""
        _, _, container = container_of(self.pods()[pod])["containerID"].partition("//")
        at = f"--address={socket(folder_of(self.sandbox.directory))}"
        command = ["ctr", at, "--namespace=k8s.io", "task", "kill", "--signal=SIGKILL", container]
        subprocess.run(command, check=True, timeout=SECONDS)

    def python(self, pod: str, script: str) -> str:
        """What a script prints in its container, where there is no shell."""
        python = "/opt/jwt-to-rbac/bin/python"
        return kubectl(self.sandbox, "exec", "-n", NAMESPACE, pod, "--", python, "-c", script)

    def peak_memory(self, pod: str) -> int:
        """The most that its program has held since it was started, in bytes."""
        status = self.python(pod, "print(open('/proc/1/status').read())")
        [peak] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(peak) * 1024

    def url(self) -> str:
        """The Service's, as the node reaches it."""
        spec = get(self.sandbox, "service", RELEASE, "-n", NAMESPACE)["spec"]
        return f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"

    def _is_settled(self) -> bool:
        pods = self.pods().values()
        return len(pods) == 2 and all(is_ready(pod) for pod in pods)


def container_of(pod: Body) -> dict[str, Any]:
    """The status of its only container."""
    [status] = pod["status"]["containerStatuses"]
    return dict(status)


def is_ready(pod: Body) -> bool:
    told = pod["status"].get("conditions", ())
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in told)
    return ready and "deletionTimestamp" not in pod["metadata"]


def values_for(sandbox: Sandbox, **more: object) -> Body:
    """Those of examples/dex, with the sandbox's own Dex as a second issuer."""
    values: Body = yaml.safe_load((EXAMPLE / "values.yaml").read_text())
    [ours] = article(sandbox)["config"]["jwt"]
    ours["issuer"]["certificateAuthority"] = sandbox.ca_file.read_text()
    values["config"]["jwt"].append(ours)
    return values | more
