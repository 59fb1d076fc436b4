"""RBAC lets a ClusterRole have nearly any name; none of them may change what a policy says."""

import json
from pathlib import Path

import msgspec

from jwt_to_rbac.core.policy import Policy, PolicyRule, Rule, own_role_name
from jwt_to_rbac.kube.admission import admission_manifests
from jwt_to_rbac.kube.installation import Installation, ProgramAccount
from jwt_to_rbac.kube.rights import rbac_manifests
from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import get, kubectl

NAMES = (
    'quo"ted',
    "it's",
    "back\\slash",
    '"] || true || "" in ["',
    "line\nbreak",
    "Zoë 🐙",
    "a?b c",
)
PODS = (PolicyRule(("get",), ("",), ("pods",)),)


def test_a_name_stays_within_its_quotes(sandbox: Sandbox, tmp_path: Path) -> None:
    """The API server compiles each expression before it takes a policy, and keeps the name whole."""
    rules = tuple(
        Rule(name, frozenset({"g"}), own_role_name(name), own_rules=PODS) for name in NAMES
    )
    odd = Installation(
        Policy(rules, dynamic_roles=True),
        "jwt-to-rbac-users",
        3600,
        account=ProgramAccount("odd", "odd"),
    )
    for body in (*rbac_manifests(odd)[:1], *admission_manifests(odd), *rbac_manifests(odd)[2:3]):
        file = tmp_path / "body.json"
        file.write_text(json.dumps(msgspec.to_builtins(body)))
        kubectl(sandbox, "apply", "-f", str(file))
    said = get(sandbox, "validatingadmissionpolicy", "odd-cluster-roles")["spec"]["validations"]
    (configured,) = [one for one in said if "one of the policy's" in one["message"]]
    for rule in rules:
        assert json.dumps(rule.cluster_role, ensure_ascii=False) in configured["expression"]
    named = get(sandbox, "clusterrole", "odd")["rules"]
    bound = [rule["resourceNames"] for rule in named if rule["verbs"] == ["bind"]]
    assert bound == [sorted(rule.cluster_role for rule in rules)]
