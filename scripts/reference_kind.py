"""The AccessGrant's fields for docs/reference/, from its CustomResourceDefinition. No prose of tasks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

KIND = Path(__file__).parents[1] / "src" / "jwt_to_rbac" / "kube" / "crd.yaml"


def access_grant() -> str:
    """Every field with its type and what it is for, and the rules that the API server checks."""
    [version] = yaml.safe_load(KIND.read_text())["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    lines = [
        "# AccessGrant",
        f"{schema['description']} `accessgrants.jwt-to-rbac.io/{version['name']}`, cluster-scoped, short: `ag`.",
        "`kubectl explain accessgrant.spec --recursive` tells the same of a cluster. Fields in bold are required.",
        "",
    ]
    for part in ("spec", "status"):
        described = schema["properties"][part]
        lines += [f"## {part}", described.get("description", ""), ""]
        lines += ["| field | type | what it is |", "| --- | --- | --- |", *_rows(described, part)]
        lines.append("")
    rules = list(_rules(schema, ""))
    lines += ["## Checked by the API server", "", "| where | what |", "| --- | --- |", *rules]
    return "\n".join(lines) + "\n"


def _rows(schema: dict[str, Any], path: str) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        inner = field.get("items", field)
        kind = f"list of {inner.get('type')}" if "items" in field else field.get("type", "")
        mark = "**" if name in required else ""
        where = f"{path}.{name}" + ("[]" if "items" in field else "")
        yield f"| {mark}`{where}`{mark} | {_type(field, kind)} | {cell(field.get('description', ''))} |"
        yield from _rows(inner, where)


def _type(field: dict[str, Any], kind: str) -> str:
    words = [kind, field.get("format", "")]
    return ", ".join(word for word in words if word)


def _rules(schema: dict[str, Any], path: str) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations", ()):
        yield f"| `{path or '.'}` | {cell(rule['message'])} |"
    for name, field in schema.get("properties", {}).items():
        yield from _rules(field, f"{path}.{name}")
    if "items" in schema:
        yield from _rules(schema["items"], f"{path}[]")


def cell(text: str) -> str:
    """Text that stays within its cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
