"""What is generated in charts/ and deploy/ is up to date, and whole."""

import subprocess
import sys
from pathlib import Path

import yaml

from tests.support.cluster import DEPLOY
from tests.support.helm import CHART, Helm

ROOT = Path(__file__).parents[2]


def test_what_is_generated_is_as_the_program_and_the_chart_say() -> None:
    command = [sys.executable, "scripts/manifests.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_kustomize_takes_every_manifest_in_deploy() -> None:
    listed = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())["resources"]
    files = {file.name for file in DEPLOY.glob("*.yaml")} - {"config.yaml", "kustomization.yaml"}
    assert sorted(listed) == sorted(files)


def test_nothing_of_the_chart_is_said_twice() -> None:
    crd = (CHART / "files" / "accessgrants.yaml").read_text()
    assert crd == (DEPLOY / "crd.yaml").read_text()


def test_helm_finds_nothing_to_say_against_the_chart(helm: Helm) -> None:
    values = {"config": yaml.safe_load((DEPLOY / "config.yaml").read_text())}
    chart, _, _, *rest = helm.chart(values)
    done = helm.run("lint", "--strict", chart, *rest)
    assert done.returncode == 0, done.stdout + done.stderr
