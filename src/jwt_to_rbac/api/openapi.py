"""`GET /openapi.json`: the OpenAPI 3.1 document, made of what is served and of its types. Nothing is told twice."""

import re
from collections.abc import Iterable, Iterator
from http import HTTPMethod, HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec
from msgspec import inspect
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api.operation import Answer, Bearer, Operation, Resources
from jwt_to_rbac.api.problems import MEDIA_TYPE, Problem
from jwt_to_rbac.core.errors import Code, status_of

PATH = "/openapi.json"

ABOUT = """\
OpenID Connect ID tokens in, Kubernetes access out. Each path is served with and without a \
trailing slash. What is refused is answered with a problem document (RFC 9457): its `code` is \
stable, its `detail` is for people. Another method than those here is answered with 405 and \
`method_not_allowed`, another path with 404 and `not_found`."""

BEARER = """\
An ID token of a configured issuer (its owner asks), or a Kubernetes token for this program's \
audience (Kubernetes then decides, by RBAC on accessgrants.jwt-to-rbac.io)."""

Json = dict[str, Any]


class OpenApi:
    """The document of `resources`, its own path included; `all` are they together."""

    def __init__(self, resources: Resources) -> None:
        answer = Answer(HTTPStatus.OK, "The OpenAPI 3.1 document", dict[str, Any])
        own = Operation(self.get, "This document", (answer,), Bearer.UNUSED)
        self.all: Resources = {**resources, PATH: {"GET": own}}
        self._body = msgspec.json.encode(document(self.all))

    async def get(self, request: Request) -> Response:
        return Response(self._body, media_type="application/json")


def document(resources: Resources) -> Json:
    """The document: every path with its methods, and each type that goes in or out."""
    shapes = list(_shapes(resources))
    schemas, components = msgspec.json.schema_components(
        shapes, ref_template="#/components/schemas/{name}"
    )
    schema_of = dict(zip(map(repr, shapes), schemas, strict=True))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jwt-to-rbac",
            "version": version("jwt-to-rbac"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            path: _parameters(path)
            | {
                method.lower(): _operation(path, method, operation, schema_of)
                for method, operation in methods.items()
            }
            for path, methods in resources.items()
        },
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": BEARER}
            },
        },
    }


def _shapes(resources: Resources) -> Iterator[Any]:
    found: Json = {repr(Problem): Problem}
    for methods in resources.values():
        for operation in methods.values():
            taken = (operation.body, operation.query, *(a.shape for a in operation.answers))
            found |= {repr(shape): shape for shape in taken if shape is not None}
    yield from found.values()


def _parameters(path: str) -> Json:
    names = re.findall(r"{(\w+)}", path)
    return (
        {
            "parameters": [
                {
                    "name": n,
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "minLength": 1},
                }
                for n in names
            ]
        }
        if names
        else {}
    )


def _operation(path: str, method: str, operation: Operation, schema_of: Json) -> Json:
    told: Json = {
        "operationId": _operation_id(path, method),
        "summary": operation.summary,
        "responses": _responses(operation, schema_of),
        "security": {
            Bearer.NEEDED: [{"bearer": []}],
            Bearer.OPTIONAL: [{"bearer": []}, {}],
            Bearer.UNUSED: [],
        }[operation.bearer],
    }
    if operation.query is not None:
        told["parameters"] = list(_query(operation.query))
    if operation.body is not None:
        content = {"application/json": {"schema": schema_of[repr(operation.body)]}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _operation_id(path: str, method: str) -> str:
    words = re.findall(r"\w+", path.removeprefix("/api/v1"))
    return HTTPMethod(method).lower() + "".join(word[0].upper() + word[1:] for word in words)


def _query(query: type[msgspec.Struct]) -> Iterator[Json]:
    form = msgspec.json.schema_components([query])[1][query.__name__]
    for field in inspect.type_info(query).fields:  # type: ignore[attr-defined]
        name = field.encode_name
        schema = form["properties"][name]
        yield {"name": name, "in": "query", "required": field.required, "schema": schema}


def _responses(operation: Operation, schema_of: Json) -> Json:
    told: Json = {}
    for answer in operation.answers:
        told[str(answer.status.value)] = {"description": answer.says} | (
            {"content": {m: {"schema": schema_of[repr(answer.shape)]} for m in answer.media_types}}
            if answer.shape is not None
            else {}
        )
    by_status: dict[HTTPStatus, list[Code]] = {}
    for code in sorted(operation.all_codes()):
        by_status.setdefault(status_of(code), []).append(code)
    for status, codes in sorted(by_status.items()):
        entry = told.setdefault(str(status.value), {"description": status.phrase})
        entry["content"] = entry.get("content", {}) | {MEDIA_TYPE: {"schema": _problem(codes)}}
        entry["headers"] = _headers(status)
    return told


def _problem(codes: Iterable[Code]) -> Json:
    only = {"properties": {"code": {"enum": list(codes)}}}
    return {"allOf": [{"$ref": f"#/components/schemas/{Problem.__name__}"}, only]}


def _headers(status: HTTPStatus) -> Json:
    text: Json = {"schema": {"type": "string"}}
    more = {
        HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": text},
        HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": text},
    }
    return {"X-Request-Id": text} | more.get(status, {})
