"""The sandbox's cluster as an administrator prepares it, and kubectl on it."""

import json
import subprocess
from pathlib import Path
from typing import Any

from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.sandbox import Sandbox

DEPLOY = Path(__file__).parents[2] / "deploy"


def install(sandbox: Sandbox) -> None:
    """Apply what the program needs to find: the CRD and the accounts' namespace."""
    kubectl(sandbox, "apply", "-f", str(DEPLOY / "crd.yaml"), "-f", str(DEPLOY / "namespace.yaml"))
    crd = "crd/accessgrants.jwt-to-rbac.io"
    kubectl(sandbox, "wait", "--for=condition=Established", crd, "--timeout=30s")


def clear(sandbox: Sandbox) -> None:
    """Remove everybody and what is theirs, without waiting for the garbage collector."""
    everybody = ["-l", "generatedby=jwttorbac", "--wait=false"]
    kubectl(sandbox, "delete", "accessgrants", *everybody)
    kubectl(sandbox, "delete", "clusterrolebindings", *everybody)
    kubectl(sandbox, "delete", "rolebindings,serviceaccounts,secrets", "-A", *everybody)


def remember_revocation(sandbox: Sandbox, folder: Path, name: str, not_before: float) -> None:
    """A revocation of then, as the program writes it."""
    metadata = {"name": name, "namespace": "jwt-to-rbac-users"}
    labels = {"jwt-to-rbac.io/holds": "revocation"}
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata | {"labels": labels},
        "data": {"notBefore": rfc3339(not_before)},
    }
    file = folder / "revocation.json"
    file.write_text(json.dumps(body))
    kubectl(sandbox, "apply", "-f", str(file))


def kubectl(sandbox: Sandbox, *arguments: str) -> str:
    """What kubectl prints, as administrator; raises CalledProcessError with its complaint."""
    return run_kubectl(sandbox, ["--kubeconfig", str(sandbox.kubeconfig), *arguments]).stdout


def get(sandbox: Sandbox, *arguments: str) -> Any:
    """`kubectl get … -o json`, parsed."""
    return json.loads(kubectl(sandbox, "get", *arguments, "-o", "json"))


def names(sandbox: Sandbox, *arguments: str) -> list[str]:
    """The names that `kubectl get …` finds."""
    return [item["metadata"]["name"] for item in get(sandbox, *arguments)["items"]]


def with_token(sandbox: Sandbox, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """kubectl with this bearer token alone, as the article uses it."""
    connection = [
        "--kubeconfig=/dev/null",
        f"--server={sandbox.api_server}",
        f"--certificate-authority={sandbox.ca_file}",
        f"--token={token}",
    ]
    return run_kubectl(sandbox, [*connection, *arguments], check=False)


def run_kubectl(
    sandbox: Sandbox, arguments: list[str], check: bool = True
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(sandbox.kubectl), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    if check and done.returncode:
        raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
    return done
