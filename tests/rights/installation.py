"""The program as an administrator installs it: manifests exported, applied, and in force. No assertions."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import kubectl, run_kubectl
from tests.support.configuration import configuration, write
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.server import running_server
from tests.support.waiting import eventually

HOME = "jwt-to-rbac"
USERS = "jwt-to-rbac-users"
READ_PODS = [{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}]
MODES = ("static", "dynamic")
"""Who keeps the policy's own ClusterRoles: the manifests, or the program."""


def policy(mode: str) -> dict[str, object]:
    """A rule of each kind; own roles that are missing, drifted, of others, and never used."""
    return {
        "dynamicRoles": mode == "dynamic",
        "rules": [
            {"name": "admins", "groups": ["admins"], "clusterRole": "admin"},
            {"name": f"{mode}-developers", "groups": ["developers"], "rules": READ_PODS},
            {"name": f"{mode}-testers", "groups": ["testers"], "rules": READ_PODS},
            {"name": f"{mode}-nobody", "groups": ["nobody"], "rules": READ_PODS},
            {"name": f"{mode}-foreign", "groups": ["nobody"], "rules": READ_PODS},
            {
                "name": "helpers",
                "groups": ["helpers"],
                "clusterRole": "view",
                "scope": {"namespaces": ["default"]},
            },
        ],
    }


@dataclass(frozen=True)
class Installed:
    """One installation; its objects bear the name of its ServiceAccount."""

    sandbox: Sandbox
    issuer: ManyPeople
    mode: str
    folder: Path

    @property
    def name(self) -> str:
        return f"program-{self.mode}"

    @property
    def username(self) -> str:
        return f"system:serviceaccount:{HOME}:{self.name}"

    def token(self) -> str:
        """The program's own credential."""
        return kubectl(self.sandbox, "create", "token", self.name, "-n", HOME).strip()

    @contextmanager
    def running(self) -> Iterator[Client]:
        """The program, with nothing but its own credential."""
        audit = self.folder / "audit.log"
        config = self._configuration(
            as_program(self.sandbox, self.name, self.folder / "kubeconfig"), audit
        )
        with running_server(config, self.folder, controllers=True) as server:
            yield Client(server, audit)

    def apply(self) -> None:
        """Apply what `export manifests` says, as administrator; return when it is in force."""
        file = write(self._configuration(Path(), Path("/audit")), "127.0.0.1:1", self.folder)
        command = [sys.executable, "-m", "jwt_to_rbac", "export", "manifests"]
        command += ["--config", str(file), "--namespace", HOME, "--service-account", self.name]
        manifests = self.folder / "manifests.yaml"
        manifests.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
        kubectl(self.sandbox, "apply", "-f", str(manifests))
        assert eventually(self._has_rights), "the rights don't work"
        assert eventually(self._is_confined), "the admission policies don't work"

    def _has_rights(self) -> bool:
        asked = (["create", "tokenreviews"], ["create", "serviceaccounts/token", "-n", USERS])
        as_program = ("--as", self.username)
        return all(
            self._kubectl("auth", "can-i", *one, *as_program).stdout == "yes\n" for one in asked
        )

    def _is_confined(self) -> bool:
        """Each policy refuses a probe that RBAC, for the group `system:masters`, allows."""
        probes = (
            ("create", "clusterrolebinding", "probe", "--clusterrole=view", "--user=probe"),
            ("create", "clusterrole", "probe", "--verb=get", "--resource=pods"),
            ("create", "serviceaccount", "probe"),
        )
        dry = ("--dry-run=server", "--as", self.username, "--as-group=system:masters")
        token = ("create", "token", "default", *dry[1:])
        asked = [self._kubectl(*probe, *dry) for probe in probes] + [self._kubectl(*token)]
        return all("ValidatingAdmissionPolicy" in answer.stderr for answer in asked)

    def _kubectl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        whole = ["--kubeconfig", str(self.sandbox.kubeconfig), *arguments]
        return run_kubectl(self.sandbox, whole, check=False)

    def _configuration(self, kubeconfig: Path, audit: Path) -> dict[str, object]:
        issuers = {self.sandbox.issuer: self.sandbox.client_id, self.issuer.url: AUDIENCE}
        # Whoever keeps ClusterRoles itself here also stores tokens: all rights that there are.
        tokens = {"tokens": {"stored": self.mode == "dynamic"}}
        return configuration(kubeconfig, audit, issuers, policy(self.mode)) | tokens


def as_program(sandbox: Sandbox, name: str, file: Path) -> Path:
    """A kubeconfig with the credential of the program's ServiceAccount `name`, and no other."""
    token = kubectl(sandbox, "create", "token", name, "-n", HOME).strip()
    authority = {"certificate-authority": str(sandbox.ca_file)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": sandbox.api_server} | authority}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    file.write_text(json.dumps(document))
    return file
