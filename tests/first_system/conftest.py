"""A cluster where nothing but the first system's own way of use happens, its controllers included."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox, start
from tests.support.cluster import install, kubectl

FILE = """\
app: {{addr: "127.0.0.1:{port}", unauthenticated: {unauthenticated}}}
log: {{level: "4", format: json, noColor: true}}
tokenhandler:
  insecure: false
  oidc: {{clientID: {client}, issuerURL: "{issuer}"}}
rbachandler:
  githubOrg: pokeorg
  tokenTTL: 24h
  enableCreateSAToken: true
  kubeConfig: {kubeconfig}
  customGroups:
  - groupName: developers
    customRules:
    - {{verbs: [get, list], resources: [deployments, replicasets, pods], apiGroups: ["", extensions, apps]}}
    namespaces: [example]
"""
"""The first system's own example, with this sandbox's names; `unauthenticated` alone is new."""


@pytest.fixture(scope="session")
def first() -> Iterator[Sandbox]:
    """A sandbox of our own: servers here run whole, and would hold others' people to their policy."""
    with start() as running:
        install(running)
        kubectl(running, "create", "namespace", "example")
        yield running


def file(first: Sandbox, port: int, unauthenticated: bool = True) -> str:
    """The first system's configuration for this sandbox."""
    return FILE.format(
        port=port,
        unauthenticated=str(unauthenticated).lower(),
        client=first.client_id,
        issuer=first.issuer,
        kubeconfig=first.kubeconfig,
    )


def environment(**more: str) -> dict[str, str]:
    """This process's environment with nothing of a configuration in it but `more`."""
    foreign = ("JWTTORBAC_", "CONFIG_DIR")
    return {k: v for k, v in os.environ.items() if not k.startswith(foreign)} | more


def put(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def told(at: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program run to its end in the folder `at`."""
    return subprocess.run(
        [sys.executable, "-m", "jwt_to_rbac", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=at,
        env=environment(),
    )
