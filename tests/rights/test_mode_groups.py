"""Mode groups with the program's own rights: its bindings are let through, and nobody else's."""

import json
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.rights.installation import USERS, Installed
from tests.support.cluster import get, kubectl, with_token
from tests.support.issuer import ManyPeople
from tests.support.waiting import eventually

MARKS = {
    "generatedby": "jwttorbac",
    "app.kubernetes.io/managed-by": "jwt-to-rbac",
    "jwt-to-rbac.io/mode": "groups",
}
RBAC = "rbac.authorization.k8s.io"


class ForGroups(Installed):
    """Installed for a policy of mode groups with each kind of scope."""

    def configuration(self) -> dict[str, object]:
        chosen = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}
        return super().configuration() | {
            "policy": {
                "mode": "groups",
                "rules": [
                    {"name": "a", "groups": ["a"], "clusterRole": "view"},
                    {"name": "c", "groups": ["c"], "clusterRole": "view", "scope": chosen},
                    {
                        "name": "u",
                        "when": "user.username == 'u'",
                        "clusterRole": "edit",
                        "scope": {"namespaces": ["default"]},
                    },
                ],
            }
        }


@pytest.fixture(scope="module")
def for_groups(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> ForGroups:
    made = ForGroups(sandbox, issuer, "groups", tmp_path_factory.mktemp("groups"))
    assert made.release
    return made


def standing(sandbox: Sandbox) -> list[tuple[str, str, str]]:
    """(namespace, role, subject) of each such binding."""
    kinds, label = "clusterrolebindings,rolebindings", "jwt-to-rbac.io/mode=groups"
    return sorted(
        (
            one["metadata"].get("namespace", ""),
            one["roleRef"]["name"],
            one["subjects"][0]["name"],
        )
        for one in get(sandbox, kinds, "-A", "-l", label)["items"]
    )


BOUND = [("", "view", "a"), ("default", "edit", "u"), ("default", "view", "c")]


def test_what_the_policy_says_is_bound_mended_and_told_once(for_groups: ForGroups) -> None:
    sandbox = for_groups.sandbox
    with for_groups.running() as client:
        assert eventually(lambda: standing(sandbox) == BOUND, 20.0), client.server.said()
        kubectl(sandbox, "delete", "clusterrolebindings", "-l", "jwt-to-rbac.io/mode=groups")
        # A binding with one group more is not what the policy says.
        (name,) = [
            one["metadata"]["name"]
            for one in get(sandbox, "rolebindings", "-n", "default")["items"]
            if one["subjects"][0]["name"] == "c"
        ]
        more = [{"op": "add", "path": "/subjects/-", "value": subject("Group", "evil")}]
        patch = ("patch", "rolebinding", name, "-n", "default", "--type=json", "-p")
        kubectl(sandbox, *patch, json.dumps(more))
        assert eventually(lambda: all_subjects(sandbox) == ["a", "c", "u"], 20.0)
        told = [one for one in client.audited() if one["event"] == "standing"]
        assert 2 <= len(told) <= 4


def subject(kind: str, name: str) -> dict[str, str]:
    return {"apiGroup": RBAC, "kind": kind, "name": name}


def all_subjects(sandbox: Sandbox) -> list[str]:
    kinds, label = "clusterrolebindings,rolebindings", "jwt-to-rbac.io/mode=groups"
    items = get(sandbox, kinds, "-A", "-l", label)["items"]
    return sorted(one["name"] for item in items for one in item["subjects"])


@pytest.mark.parametrize(
    ("role", "namespace", "who", "labels"),
    [
        pytest.param("view", "", subject("Group", "evil"), MARKS, id="another-group"),
        pytest.param("view", "", subject("User", "a"), MARKS, id="a-user-of-a-groups-name"),
        pytest.param("edit", "", subject("User", "u"), MARKS, id="everywhere"),
        pytest.param("edit", "kube-system", subject("User", "u"), MARKS, id="elsewhere"),
        pytest.param("edit", "default", subject("Group", "a"), MARKS, id="anothers-role"),
        pytest.param("view", "", subject("Group", "a"), {}, id="unmarked"),
        pytest.param("view", "", subject("Group", "c"), MARKS, id="everywhere-for-a-selector"),
        pytest.param("view", USERS, subject("Group", "c"), MARKS, id="the-accounts-namespace"),
    ],
)
def test_the_programs_credential_binds_nothing_else(
    for_groups: ForGroups,
    tmp_path: Path,
    role: str,
    namespace: str,
    who: dict[str, str],
    labels: dict[str, str],
) -> None:
    metadata: dict[str, object] = {"name": "stolen", "labels": labels}
    binding = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": metadata | ({"namespace": namespace} if namespace else {}),
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [who],
    }
    file = tmp_path / "binding.json"
    file.write_text(json.dumps(binding))
    done = with_token(for_groups.sandbox, for_groups.token(), "create", "-f", str(file))
    assert done.returncode == 1
    assert "ValidatingAdmissionPolicy" in done.stderr or "forbidden" in done.stderr, done.stderr
