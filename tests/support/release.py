"""The program as the chart installs it, without a node: its objects on the API server, its container as a process.

No assertions.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from jwt_to_rbac.sandbox import Sandbox
from jwt_to_rbac.sandbox.builds import HELM, ensure_program
from tests.support.cluster import kubectl, run_kubectl
from tests.support.helm import NAMESPACE, Body, Helm, one
from tests.support.server import Server, free_port, running
from tests.support.waiting import eventually

LEFT_OUT = ("ConfigMap", "Deployment", "Pod")
"""Kinds that nothing on a cluster without a node does anything with; they are read here instead."""

RIGHTS_FOLLOW = ("policy", "tokens", "accounts", "cluster", "web")
"""Parts of a configuration that the chart cuts rights and admission policies to."""


@dataclass(frozen=True)
class Release:
    """A release whose rights and admission policies are in force. `deployment` and `files` are what
    would be its pod, of the ConfigMap."""

    sandbox: Sandbox
    name: str
    deployment: Body
    files: Mapping[str, str]

    @contextmanager
    def started(
        self,
        folder: Path,
        kubeconfig: Path | None = None,
        controllers: bool = True,
        ready: bool = True,
    ) -> Iterator[Server]:
        """Its container as a process, with its own arguments, variables and files, laid out in `folder`.

        Added to them is only where things are on this machine: the address, and the API server, in a
        kubeconfig with the ServiceAccount's token, since the place of a pod's is the machine's. A test
        that stands between the two gives the `kubeconfig` of its proxy. Without `controllers` where
        servers have policies of their own on one cluster: what leads would hold everybody to its own.
        """
        (container,) = self.deployment["spec"]["template"]["spec"]["containers"]
        mounted = next(m["mountPath"] for m in container["volumeMounts"] if m["name"] == "config")
        for name, text in self.files.items():
            (folder / name).write_text(text)
        port = free_port()
        environment = {
            one["name"]: one["value"].replace(mounted, str(folder)) for one in container["env"]
        }
        environment |= {
            "JWTTORBAC_SERVER_ADDRESS": f"127.0.0.1:{port}",
            "JWTTORBAC_KUBERNETES_KUBECONFIG": str(kubeconfig or self.credential(folder)),
        }
        arguments = [one.replace(mounted, str(folder)) for one in container["args"]]
        arguments += [] if controllers else ["--controllers=false"]
        with running(
            arguments, port, folder, os.environ | environment, folder, ready=ready
        ) as server:
            yield server

    def credential(self, folder: Path) -> Path:
        return credential(self.sandbox, self.name, folder)


def credential(sandbox: Sandbox, name: str, folder: Path) -> Path:
    """A kubeconfig with the token of the program's ServiceAccount, which lies in a file as in a pod."""
    place = folder / "serviceaccount"
    place.mkdir(exist_ok=True)
    # Nobody renews it here, and `make scale` may take longer than the hour that kubectl asks for.
    token = kubectl(sandbox, "create", "token", name, "-n", NAMESPACE, "--duration=12h")
    (place / "token").write_text(token)
    authority = {"certificate-authority": str(sandbox.ca_file)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": sandbox.api_server} | authority}],
        "users": [{"name": "u", "user": {"tokenFile": str(place / "token")}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    file = place / "kubeconfig"
    file.write_text(json.dumps(document))
    return file


def install_chart(
    sandbox: Sandbox, config: Mapping[str, Any], folder: Path, name: str = "", **values: object
) -> Release:
    """What the chart makes of a configuration, on the sandbox's API server.

    Replicas are of one release, and so are servers that need the same rights; a `name` of its own has
    what changes while it runs.
    """
    followed = {key: config[key] for key in RIGHTS_FOLLOW if key in config}
    digest = hashlib.sha256(json.dumps([followed, values], sort_keys=True).encode()).hexdigest()
    name = name or f"program-{digest[:10]}"
    (folder / "helm").mkdir(exist_ok=True)
    # What is started here is no pod: nobody sends it requests while it ends.
    wanted = {"config": config, "fullnameOverride": name, "drainSeconds": 0} | values
    bodies = Helm(ensure_program(HELM), folder / "helm").template(wanted)
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    items = [home, *(body for body in bodies if body["kind"] not in LEFT_OUT)]
    _put(sandbox, name, json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return Release(sandbox, name, one(bodies, "Deployment"), one(bodies, "ConfigMap", name)["data"])


@contextmanager
def installed_server(
    sandbox: Sandbox, config: Mapping[str, Any], folder: Path, controllers: bool = False
) -> Iterator[Server]:
    """The program with this configuration, as the chart installs and starts it."""
    with install_chart(sandbox, config, folder).started(folder, controllers=controllers) as server:
        yield server


@cache
def _put(sandbox: Sandbox, name: str, objects: str) -> None:
    """Apply them, and return when RBAC and admission heed them, which read from caches that lag."""
    with NamedTemporaryFile("w", suffix=".json") as file:
        file.write(objects)
        file.flush()
        kubectl(sandbox, "apply", "-f", file.name)
    crd = "crd/accessgrants.jwt-to-rbac.io"
    kubectl(sandbox, "wait", "--for=condition=Established", crd, "--timeout=30s")
    confined = "ValidatingAdmissionPolicy" in objects
    if not eventually(lambda: in_force(sandbox, name, confined)):
        raise AssertionError(f"the rights of {name} don't work")


def in_force(sandbox: Sandbox, name: str, confined: bool = True) -> bool:
    """Whether the rights are, and the last of the policies, where it is `confined` by some: it
    refuses what RBAC, for the group `system:masters`, allows."""
    program = ["--kubeconfig", str(sandbox.kubeconfig), "--as", username(name)]
    asked = [*program, "auth", "can-i", "create", "tokenreviews"]
    if run_kubectl(sandbox, asked, check=False).stdout != "yes\n":
        return False
    probe = [*program, "create", "token", "default", "--as-group=system:masters"]
    refused = run_kubectl(sandbox, probe, check=False).stderr if confined else ""
    return "ValidatingAdmissionPolicy" in refused or not confined


def username(name: str) -> str:
    """What the API server calls the program."""
    return f"system:serviceaccount:{NAMESPACE}:{name}"
