"""The sandbox's cluster as an administrator prepares it, and kubectl on it."""

import json
import secrets
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


def wait_for_collector(sandbox: Sandbox) -> None:
    """Return once the garbage collector takes what AccessGrants own: it looks for new kinds each 30 seconds."""
    name = f"collector-{secrets.token_hex(4)}"
    spec = {
        "subject": {"issuer": "https://issuer.example.com", "subject": name, "username": name},
        "serviceAccount": {"namespace": "jwt-to-rbac-users", "name": name},
        "claimsIssuedAt": "2026-01-01T12:00:00Z",
    }
    kind = {"apiVersion": "jwt-to-rbac.io/v1alpha1", "kind": "AccessGrant"}
    made = json.loads(
        kubectl(
            sandbox, "create", "-o=json", body=kind | {"metadata": {"name": name}, "spec": spec}
        )
    )
    owner = kind | {"name": name, "uid": made["metadata"]["uid"]}
    metadata = {"name": name, "namespace": "jwt-to-rbac-users", "ownerReferences": [owner]}
    owned = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    kubectl(sandbox, "create", body=owned)
    kubectl(sandbox, "delete", "accessgrant", name)
    gone = ("wait", "configmap", name, "-n=jwt-to-rbac-users", "--for=delete", "--timeout=59s")
    kubectl(sandbox, *gone)


def clear(sandbox: Sandbox) -> None:
    """Remove everybody and what is theirs, without waiting for the garbage collector."""
    everybody = ["-l", "generatedby=jwttorbac", "--wait=false"]
    kubectl(sandbox, "delete", "accessgrants", *everybody)
    kubectl(sandbox, "delete", "clusterrolebindings", *everybody)
    kubectl(sandbox, "delete", "rolebindings,serviceaccounts,secrets", "-A", *everybody)


def remember_revocation(sandbox: Sandbox, name: str, not_before: float) -> None:
    """A revocation of then, as the program writes it."""
    metadata = {"name": name, "namespace": "jwt-to-rbac-users"}
    labels = {"jwt-to-rbac.io/holds": "revocation"}
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata | {"labels": labels},
        "data": {"notBefore": rfc3339(not_before)},
    }
    kubectl(sandbox, "apply", body=body)


def kubectl(sandbox: Sandbox, *arguments: str, body: object = None) -> str:
    """What kubectl prints, as administrator; raises AssertionError with its complaint.

    A `body` is the object that `create` or `apply` is about.
    """
    given = [] if body is None else ["-f", "-"]
    command = ["--kubeconfig", str(sandbox.kubeconfig), *arguments, *given]
    return run_kubectl(sandbox, command, body=body).stdout


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
    sandbox: Sandbox, arguments: list[str], check: bool = True, body: object = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(sandbox.kubectl), *arguments],
        input="" if body is None else json.dumps(body),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
    return done
