"""The manifests in `deploy` are what the program says of itself, for the configuration beside them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import jwt_to_rbac.kube
from tests.support.cluster import DEPLOY

PARTS = ("crd", "namespace", "rbac", "admission")
EXPORT = ("-m", "jwt_to_rbac", "export", "manifests", "--config", str(DEPLOY / "config.yaml"))


def export(*arguments: str) -> str:
    command = [sys.executable, *EXPORT, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def objects(text: str) -> list[dict[str, Any]]:
    return [body for body in yaml.safe_load_all(text) if body]


@pytest.mark.parametrize("part", ["rbac", "admission"])
def test_a_file_in_deploy_is_made_by_the_program(part: str) -> None:
    mending = f"jwt-to-rbac export manifests --config deploy/config.yaml --part {part}"
    assert (DEPLOY / f"{part}.yaml").read_text() == export("--part", part), f"run: {mending}"


def test_the_custom_resource_definition_in_deploy_is_the_programs_own() -> None:
    packaged = Path(jwt_to_rbac.kube.__file__).with_name("crd.yaml")
    assert (DEPLOY / "crd.yaml").read_text() == packaged.read_text()
    assert objects(export("--part", "crd")) == objects(packaged.read_text())


def test_the_accounts_namespace_in_deploy_is_the_one_that_the_program_says() -> None:
    assert objects((DEPLOY / "namespace.yaml").read_text()) == objects(
        export("--part", "namespace")
    )


def test_without_a_part_all_of_them_are_written() -> None:
    parts = [body for part in PARTS for body in objects(export("--part", part))]
    assert objects(export()) == parts


def test_nothing_has_a_wildcard_or_can_escalate() -> None:
    verbs = {
        verb
        for body in objects(export("--part", "rbac"))
        for rule in body.get("rules", ())
        for verb in rule["verbs"] + rule["apiGroups"] + rule["resources"]
    }
    assert "bind" in verbs
    assert not verbs & {"*", "escalate", "impersonate"}


def test_dynamic_roles_are_written_by_name_and_are_not_in_the_manifest() -> None:
    bodies = objects(export("--part", "rbac", "--policy.dynamicRoles"))
    (escalating,) = [r for b in bodies for r in b.get("rules", ()) if "escalate" in r["verbs"]]
    assert escalating["resourceNames"] == ["developers-from-jwt"]
    assert not [b for b in bodies if b["metadata"]["name"] == "developers-from-jwt"]


def test_a_mistake_in_the_configuration_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("apiVersion: jwt-to-rbac.io/v1alpha1\nkind: Configuration\njwt: []\n")
    done = subprocess.run(
        [sys.executable, *EXPORT[:-1], str(file)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "jwt" in done.stderr
