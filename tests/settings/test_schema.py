"""The JSON Schema for editors: it takes the examples, and refuses what the program refuses."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from jwt_to_rbac.cli.config import schema_document
from tests.settings.given import EXAMPLES, LEAST

SCHEMA: dict[str, Any] = json.loads(json.dumps(schema_document()))

_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}

_KNOWN = {
    *("$ref", "type", "properties", "required", "additionalProperties", "items", "minItems"),
    *("minLength", "minimum", "enum", "title", "description", "default", "$defs", "$schema"),
}


def errors(value: object, schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """What in `value` the schema refuses; knows the keywords that our types make, and no others."""
    assert schema.keys() <= _KNOWN, f"a keyword that this test doesn't check: {schema.keys()}"
    if "$ref" in schema:
        yield from errors(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], path)
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: not one of {schema['enum']}"
    if "type" in schema and not isinstance(value, _TYPES[schema["type"]]):
        yield f"{path}: no {schema['type']}"
    elif isinstance(value, int) and value < schema.get("minimum", value):
        yield f"{path}: too low"
    elif isinstance(value, str) and len(value) < schema.get("minLength", 0):
        yield f"{path}: too short"
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{path}: too few"
        for index, item in enumerate(value):
            yield from errors(item, schema.get("items", {}), f"{path}[{index}]")
    elif isinstance(value, dict):
        yield from _key_errors(value, schema, path)


def _key_errors(value: dict[str, object], schema: dict[str, Any], path: str) -> Iterator[str]:
    others = schema["additionalProperties"]
    yield from (f"{path}: lacks {key}" for key in schema.get("required", []) if key not in value)
    for key, item in value.items():
        if isinstance(others, dict):
            yield from errors(item, others, f"{path}.{key}")
        elif key in schema["properties"]:
            yield from errors(item, schema["properties"][key], f"{path}.{key}")
        else:
            yield f"{path}: unknown {key}"


@pytest.mark.parametrize("name", sorted(file.name for file in EXAMPLES.glob("own_*.yaml")))
def test_the_examples_fit(name: str) -> None:
    assert list(errors(yaml.safe_load((EXAMPLES / name).read_text()), SCHEMA)) == []


@pytest.mark.parametrize(
    ("line", "error"),
    [
        pytest.param("acounts: {}", ": unknown acounts", id="unknown-key"),
        pytest.param("log: {level: loud}", ".log.level: not one of", id="no-choice"),
        pytest.param("tokens: {allowCreate: maybe}", ".tokens.allowCreate: no boolean", id="type"),
        pytest.param(
            "policy: {rules: [{groups: [a]}]}", ".policy.rules[0]: lacks name", id="lacking"
        ),
        pytest.param("audit: {maxSize: 0}", ".audit.maxSize: too low", id="too-low"),
        pytest.param("accounts: {namespace: ''}", ".accounts.namespace: too short", id="empty"),
    ],
)
def test_mistakes_do_not(line: str, error: str) -> None:
    (found,) = errors(yaml.safe_load(f"{LEAST}{line}\n"), SCHEMA)
    assert found.startswith(error)
