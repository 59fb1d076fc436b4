"""The verbs that no request has are needed as much as the others: without one, a write is refused."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.rights.installation import HOME, READ_PODS, Installed
from tests.support.cluster import get, kubectl, run_kubectl
from tests.support.waiting import eventually

BIND = (
    ("create", "clusterrolebinding", "bound", "--clusterrole=admin"),
    ("create", "rolebinding", "bound", "--clusterrole=view"),
)
APPLY = ("apply", "--server-side", "--field-manager=jwt-to-rbac", "-f")


@pytest.fixture
def role(tmp_path: Path) -> Path:
    """One of the policy's own ClusterRoles that isn't there yet."""
    body = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "dynamic-testers-from-jwt"},
        "rules": READ_PODS,
    }
    file = tmp_path / "role.json"
    file.write_text(json.dumps(body))
    return file


@pytest.fixture
def without(
    request: pytest.FixtureRequest, sandbox: Sandbox, installations: dict[str, Installed]
) -> Iterator[str]:
    """A user with all the program's rights but this verb on ClusterRoles; none but it is tested."""
    installed, verb = installations["dynamic"], request.param
    kubectl(sandbox, "delete", "clusterrole", "dynamic-testers-from-jwt", "--ignore-not-found")
    rules = get(sandbox, "clusterrole", installed.name)["rules"]
    for rule in rules:
        if rule["resources"] == ["clusterroles"]:
            rule["verbs"] = [one for one in rule["verbs"] if one != verb]
    rules = [rule for rule in rules if rule["verbs"]]
    name = f"without-{verb or 'nothing'}"
    body = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": rules}
    file = installed.folder / f"{name}.json"
    file.write_text(json.dumps(body | {"metadata": {"name": name}}))
    kubectl(sandbox, "create", "-f", str(file))
    subject = f"--serviceaccount={HOME}:{name}"
    kubectl(sandbox, "create", "clusterrolebinding", name, f"--clusterrole={name}", subject)
    user = f"system:serviceaccount:{HOME}:{name}"
    assert eventually(lambda: _try(sandbox, user, "auth", "can-i", "create", "tokenreviews") == "")
    yield user
    kubectl(sandbox, "delete", f"clusterrole/{name}", f"clusterrolebinding/{name}")


@pytest.mark.parametrize("without", [""], ids=["nothing"], indirect=True)
def test_with_all_of_them_roles_are_bound_and_applied(
    sandbox: Sandbox, without: str, role: Path
) -> None:
    for write in (*_bindings(), (*APPLY, str(role))):
        assert _try(sandbox, without, *write, "--dry-run=server") == ""


@pytest.mark.parametrize("without", ["bind"], indirect=True)
def test_without_bind_no_role_is_bound(sandbox: Sandbox, without: str) -> None:
    for write in _bindings():
        refused = _try(sandbox, without, *write, "--dry-run=server")
        assert "attempting to grant RBAC permissions not currently held" in refused


@pytest.mark.parametrize(
    ("without", "why"),
    [
        pytest.param("create", 'cannot create resource "clusterroles"', id="create"),
        pytest.param("escalate", "attempting to grant RBAC permissions", id="escalate"),
        pytest.param("patch", 'cannot patch resource "clusterroles"', id="patch"),
    ],
    indirect=["without"],
)
def test_without_one_of_the_others_no_role_is_made(
    sandbox: Sandbox, without: str, why: str, role: Path
) -> None:
    assert why in _try(sandbox, without, *APPLY, str(role), "--dry-run=server")


def test_no_rule_about_named_cluster_roles_is_for_all_of_them(installed: Installed) -> None:
    """RBAC reads an empty list of names as every name."""
    rules = get(installed.sandbox, "clusterrole", installed.name)["rules"]
    unnamed = [
        r for r in rules if r["resources"] == ["clusterroles"] and not r.get("resourceNames")
    ]
    deleting = [["delete"]] if installed.mode == "dynamic" else []
    assert [sorted(rule["verbs"]) for rule in unnamed] == [["list", "watch"], *deleting]


def _bindings() -> list[tuple[str, ...]]:
    return [(*write, f"--serviceaccount={HOME}:somebody") for write in BIND]


def _try(sandbox: Sandbox, user: str, *arguments: str) -> str:
    """What is said against it; empty if it is allowed."""
    whole = ["--kubeconfig", str(sandbox.kubeconfig), "--as", user, *arguments]
    done: subprocess.CompletedProcess[str] = run_kubectl(sandbox, whole, check=False)
    return (done.stderr or done.stdout) if done.returncode else ""
