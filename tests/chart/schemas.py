"""Schemas for kubeconform, strict, of an API server's own OpenAPI document: none is fetched. No assertions."""

import json
from pathlib import Path
from typing import Any

EITHER = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
DEFINITIONS = "_definitions.json"
SPECIAL = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": EITHER,
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {
        "oneOf": [{"type": "string"}, {"type": "number"}]
    },
    # Whatever somebody likes: OpenAPI says no more of it than that it is JSON.
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": {},
}


def write_schemas(document: dict[str, Any], folder: Path) -> str:
    """One schema a kind into `folder`; kubeconform's location of them."""
    folder.mkdir()
    definitions = {
        name: SPECIAL.get(name) or _strict(schema)
        for name, schema in document["definitions"].items()
    }
    (folder / DEFINITIONS).write_text(json.dumps({"definitions": definitions}))
    for name, schema in document["definitions"].items():
        for kind in schema.get("x-kubernetes-group-version-kind", ()):
            group = kind["group"].partition(".")[0]
            file = "-".join(filter(None, (kind["kind"], group, kind["version"]))).lower()
            (folder / f"{file}.json").write_text(json.dumps(definitions[name]))
    return str(folder / "{{.ResourceKind}}{{.KindSuffix}}.json")


def _strict(schema: Any) -> Any:
    """The JSON schema of an OpenAPI one, which takes no property that it doesn't name."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "int-or-string":
        return EITHER
    made: dict[str, Any] = {
        key: {name: _strict(one) for name, one in value.items()}
        if key == "properties"
        else _strict(value)
        for key, value in schema.items()
        if key != "description" and not key.startswith("x-kubernetes")
    }
    if "$ref" in made:
        made["$ref"] = made["$ref"].replace("#/definitions/", f"{DEFINITIONS}#/definitions/")
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    return made
