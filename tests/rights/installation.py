"""The program as an administrator installs it by the chart, its rights and policies in force. No assertions."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import kubectl, run_kubectl
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import Release, install_chart
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
    """One installation; its objects bear the name of its ServiceAccount. `web`: with the web app."""

    sandbox: Sandbox
    issuer: ManyPeople
    mode: str
    folder: Path
    web: bool = False

    @property
    def name(self) -> str:
        return f"program-{self.mode}"

    @property
    def username(self) -> str:
        return f"system:serviceaccount:{HOME}:{self.name}"

    @property
    def session_key(self) -> Path:
        """The web app's, where there is one."""
        return self.folder / "session.key"

    def token(self) -> str:
        """The program's own credential."""
        return kubectl(self.sandbox, "create", "token", self.name, "-n", HOME).strip()

    @cached_property
    def release(self) -> Release:
        """Installed when it is first asked for; its rights and all its policies are in force."""
        made = install_chart(self.sandbox, self.configuration(), self.folder, self.name)
        assert eventually(self._has_rights), "the rights don't work"
        assert eventually(self._is_confined), "the admission policies don't work"
        return made

    @contextmanager
    def running(self, release: Release | None = None) -> Iterator[Client]:
        """The program, with nothing but its own credential; or that of an older `release`."""
        with (release or self.release).started(self.folder) as server:
            yield Client(server, self.folder / "audit.log")

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

    def configuration(self) -> dict[str, object]:
        issuers = {self.sandbox.issuer: self.sandbox.client_id, self.issuer.url: AUDIENCE}
        config = pod_configuration(self.folder / "audit.log", issuers, policy(self.mode))
        # Whoever keeps ClusterRoles itself here also stores tokens.
        config |= {"tokens": {"stored": self.mode == "dynamic"}}
        if self.web:
            self.session_key.write_text("0123456789" * 5)
            web = {"publicURL": "http://localhost:1", "sessionKeyFiles": [str(self.session_key)]}
            config |= {"web": web}
        return config
