"""The chart's objects and those of deploy/ are what Kubernetes' own schemas say, strictly: kubeconform."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from jwt_to_rbac.sandbox import Sandbox
from jwt_to_rbac.sandbox.builds import KUBECONFORM, ensure_program
from tests.chart.schemas import write_schemas
from tests.chart.test_admitted import FOREIGN, VALUES
from tests.support.cluster import DEPLOY, kubectl
from tests.support.helm import Body, Helm


@pytest.fixture(scope="module")
def schemas(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> str:
    document = json.loads(kubectl(sandbox, "get", "--raw", "/openapi/v2"))
    return write_schemas(document, tmp_path_factory.mktemp("schemas") / "strict")


def complaints(schemas: str, *files: Path) -> str:
    """What kubeconform has against them."""
    strictly = ["-strict", "-skip", ",".join(FOREIGN), "-schema-location", schemas]
    command = [str(ensure_program(KUBECONFORM)), *strictly, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_what_is_created_by_hand_conforms(schemas: str) -> None:
    files = {*DEPLOY.glob("*.yaml")} - {DEPLOY / "config.yaml", DEPLOY / "kustomization.yaml"}
    assert complaints(schemas, *files, DEPLOY.parent / "examples" / "dex" / "dex.yaml") == ""


@pytest.mark.parametrize("what", VALUES)
def test_what_the_chart_makes_conforms(helm: Helm, schemas: str, tmp_path: Path, what: str) -> None:
    assert complaints(schemas, written(helm.template(VALUES[what]), tmp_path)) == ""


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [({"selectr": {}}, "selectr"), ({"ports": "5555"}, "got string, want array")],
    ids=["misspelt", "of-another-type"],
)
def test_what_doesnt_conform_is_found(
    helm: Helm, schemas: str, tmp_path: Path, wrong: Body, complaint: str
) -> None:
    (service,) = [b for b in helm.template(VALUES["everything"]) if b["kind"] == "Service"]
    service["spec"] |= wrong
    assert complaint in complaints(schemas, written([service], tmp_path))


def written(bodies: list[Body], folder: Path) -> Path:
    file = folder / "bodies.yaml"
    file.write_text(yaml.safe_dump_all(bodies))
    return file
