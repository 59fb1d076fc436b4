"""The chart cuts the program's rights to its values exactly as the program itself does."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.chart.configurations import CONFIGURATIONS, TOLD, own
from tests.support.helm import Body, Helm, one

NAME = "release-jwt-to-rbac"
KINDS = (
    *("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ResourceQuota"),
    *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
)

Key = tuple[str, str, str]


def by_name(bodies: list[Body]) -> dict[Key, Body]:
    """Rights and policies without their labels, which are Helm's in a chart."""
    found = {}
    for body in bodies:
        meta = body["metadata"]
        if body["kind"] in KINDS:
            rest = {key: value for key, value in body.items() if key != "metadata"}
            found[body["kind"], meta.get("namespace", ""), meta["name"]] = rest
    return found


def exported(config: str, folder: Path) -> list[Body]:
    file = folder / "config.yaml"
    file.write_text(config)
    command = [sys.executable, "-m", "jwt_to_rbac", "export", "manifests", "--config", str(file)]
    command += ["--service-account", NAME]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize("what", CONFIGURATIONS)
def test_rights_and_policies_are_those_of_the_program(
    helm: Helm, tmp_path: Path, what: str
) -> None:
    values = {"config": CONFIGURATIONS[what], "fullnameOverride": NAME}
    rendered = helm.template(values)
    config = one(rendered, "ConfigMap")["data"]["config.yaml"]
    wanted = by_name(exported(config, tmp_path))
    found = by_name(rendered)
    assert found.keys() == wanted.keys()
    for key, body in wanted.items():
        assert found[key] == body, key


def test_only_dynamic_roles_need_to_escalate(helm: Helm) -> None:
    needing = {
        what
        for what, config in CONFIGURATIONS.items()
        for body in helm.template({"config": config})
        for rule in body.get("rules", ())
        if "escalate" in rule["verbs"]
    }
    assert needing == {"dynamic roles", "first system, all its keys"}


def test_in_mode_groups_a_rule_that_no_binding_can_say_gives_no_right(helm: Helm) -> None:
    # The program refuses such a configuration; the chart's rights must not be wider than it.
    rendered = helm.template({"config": own({"mode": "groups", "rules": [TOLD]})})
    policy = one(rendered, "ValidatingAdmissionPolicy", "jwt-to-rbac-bindings")
    assert "Group" not in str(policy["spec"]["validations"])


def test_the_policys_cluster_roles_bear_the_first_systems_mark(helm: Helm) -> None:
    rendered = helm.template({"config": CONFIGURATIONS["the whole cluster"]})
    role = one(rendered, "ClusterRole", "developers-from-jwt")
    assert role["metadata"]["labels"]["generatedby"] == "jwttorbac"
