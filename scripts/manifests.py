"""Makes what is generated in charts/ and deploy/; with --check only tells what isn't up to date.

The program's own generators are the source of rights, policies and schema, the chart of all
other objects. No file is named in two places: whatever `_made` says is written.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml
from chart_rights import rights_template

from jwt_to_rbac.sandbox.builds import HELM, ensure_program
from jwt_to_rbac.settings.configuration import Configuration
from jwt_to_rbac.settings.first_system import FirstSystem
from jwt_to_rbac.yaml_dump import dump

ROOT = Path(__file__).parents[1]
CHART = ROOT / "charts" / "jwt-to-rbac"
DEPLOY = ROOT / "deploy"
CONFIG = DEPLOY / "config.yaml"
KIND = ROOT / "src" / "jwt_to_rbac" / "kube" / "crd.yaml"
"""The AccessGrant's, as `jwt-to-rbac export manifests` writes it."""

EXPORTED = ("rbac", "admission")
RENDERED = ("configmap", "deployment", "service", "pdb", "networkpolicy")
HEAD = "# Made by `make manifests` from the chart and deploy/config.yaml.\n"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    check = arguments.parse_args().check
    stale = [file for file, text in _made() if not _is(file, text, write=not check)]
    for file in stale:
        print(f"{'is not' if check else 'was not'} up to date: {file.relative_to(ROOT)}")
    if check and stale:
        print("Run: make manifests")
    return int(check and bool(stale))


def _is(file: Path, text: str, *, write: bool) -> bool:
    same = file.exists() and file.read_text() == text
    if write and not same:
        file.write_text(text)
    return same


def _made() -> Iterator[tuple[Path, str]]:
    """Each file with what should be in it; the chart's own first, since the rest comes from it."""
    yield CHART / "templates" / "_rights.tpl", rights_template()
    kind = KIND.read_text()
    yield DEPLOY / "crd.yaml", kind
    yield CHART / "files" / "accessgrants.yaml", kind
    yield CHART / "values.schema.json", _schema()
    for part in EXPORTED:
        yield DEPLOY / f"{part}.yaml", _exported(part)
    for part in RENDERED:
        yield DEPLOY / f"{part}.yaml", HEAD + "---\n".join(map(dump, _rendered(part)))


def _exported(part: str) -> str:
    export = (sys.executable, "-m", "jwt_to_rbac", "export", "manifests")
    return _said(*export, "--config", str(CONFIG), "--part", part)


def _rendered(part: str) -> Iterator[dict[str, Any]]:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        yaml.safe_dump({"config": yaml.safe_load(CONFIG.read_text())}, values)
        values.flush()
        release = ("jwt-to-rbac", str(CHART), "--namespace", "jwt-to-rbac", "--values", values.name)
        one = ("--show-only", f"templates/{part}.yaml")
        text = _said(str(ensure_program(HELM)), "template", *release, *one)
    for body in yaml.safe_load_all(text):
        yield _without_helm(body)


def _without_helm(body: dict[str, Any]) -> dict[str, Any]:
    """No release owns what is created by hand."""
    labels = body["metadata"]["labels"]
    for key in ("helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version"):
        del labels[key]
    return body


def _schema() -> str:
    """The values' schema with those of both forms of the configuration."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    forms, definitions = msgspec.json.schema_components(
        [Configuration, FirstSystem], ref_template="#/$defs/{name}"
    )
    kept = {name: schema["$defs"][name] for name in ("configuration", "names", "object")}
    made = json.loads(json.dumps(definitions))
    # logrus' levels are names or numbers.
    made["FirstLog"]["properties"]["level"]["type"] = ["string", "integer"]
    schema["$defs"] = kept | made
    kept["configuration"]["else"], kept["configuration"]["then"] = forms[1], forms[0]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
