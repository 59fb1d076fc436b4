"""The OpenAPI document: whatever is served is in it, told by the types and codes that serve it."""

from http import HTTPStatus
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api.openapi import OpenApi, document
from jwt_to_rbac.api.operation import ANY, BODY, CALLER, Answer, Bearer, Operation
from jwt_to_rbac.core.errors import Code, status_of


class Taken(msgspec.Struct, rename="camel"):
    how_many: int
    why: str = ""


class Told(msgspec.Struct, rename="camel"):
    first_name: str


async def handle(request: Request) -> Response:
    return Response("")


def told_of(operation: Operation, method: str = "GET", path: str = "/people/{name}") -> Any:
    """What the document says of the operation."""
    return document({path: {method: operation}})["paths"][path][method.lower()]


def codes_told(operation: Operation) -> set[Code]:
    """Every code in the operation's responses, each under the status that it has."""
    found: set[Code] = set()
    for status, response in told_of(operation)["responses"].items():
        schema = response.get("content", {}).get("application/problem+json", {}).get("schema")
        codes = schema["allOf"][1]["properties"]["code"]["enum"] if schema else []
        assert all(status_of(Code(code)) == int(status) for code in codes)
        found |= set(codes)
    return found


FINE = Answer(HTTPStatus.OK, "Fine", Told)


def test_an_operation_tells_the_types_that_go_in_and_out() -> None:
    answers = (FINE, Answer(HTTPStatus.ACCEPTED, "Later"))
    paths = {"/people/{name}": {"POST": Operation(handle, "Do it", answers, body=Taken)}}
    whole = document(paths)
    told = whole["paths"]["/people/{name}"]["post"]
    wanted = {"$ref": "#/components/schemas/Told"}
    assert told["responses"]["200"]["content"]["application/json"]["schema"] == wanted
    assert "content" not in told["responses"]["202"]
    taken = told["requestBody"]["content"]["application/json"]["schema"]
    assert taken == {"$ref": "#/components/schemas/Taken"}
    assert whole["components"]["schemas"]["Told"]["required"] == ["firstName"]
    assert whole["components"]["schemas"]["Taken"]["required"] == ["howMany"]


def test_a_query_is_told_by_the_fields_of_its_type() -> None:
    told = told_of(Operation(handle, "Find", (FINE,), query=Taken))["parameters"]
    assert [(each["name"], each["in"], each["required"]) for each in told] == [
        ("howMany", "query", True),
        ("why", "query", False),
    ]
    assert told[0]["schema"] == {"type": "integer"}


def test_the_names_in_a_path_are_parameters() -> None:
    paths = {"/people/{name}/sessions/{session}": {"GET": Operation(handle, "", (FINE,))}}
    told = document(paths)["paths"]["/people/{name}/sessions/{session}"]["parameters"]
    assert [(each["name"], each["in"], each["required"]) for each in told] == [
        ("name", "path", True),
        ("session", "path", True),
    ]


@pytest.mark.parametrize(
    ("operation", "codes"),
    [
        pytest.param(Operation(handle, "", (FINE,)), ANY | CALLER, id="a-caller"),
        pytest.param(Operation(handle, "", (FINE,), Bearer.UNUSED), ANY, id="anybody"),
        pytest.param(
            Operation(handle, "", (FINE,), Bearer.UNUSED, body=Taken), ANY | BODY, id="with-a-body"
        ),
        pytest.param(
            Operation(handle, "", (FINE,), Bearer.UNUSED, codes=frozenset({Code.NO_ACCESS})),
            ANY | {Code.NO_ACCESS},
            id="its-own",
        ),
    ],
)
def test_every_code_that_may_answer_is_told_below_its_status(
    operation: Operation, codes: frozenset[Code]
) -> None:
    assert codes_told(operation) == codes


@pytest.mark.parametrize(
    ("bearer", "security"),
    [
        (Bearer.NEEDED, [{"bearer": []}]),
        (Bearer.OPTIONAL, [{"bearer": []}, {}]),
        (Bearer.UNUSED, []),
    ],
)
def test_who_needs_a_credential_is_told(bearer: Bearer, security: list[object]) -> None:
    assert told_of(Operation(handle, "", (FINE,), bearer))["security"] == security


def test_the_document_tells_of_itself() -> None:
    described = OpenApi({"/people": {"GET": Operation(handle, "", (FINE,))}})
    assert set(described.all) == {"/people", "/openapi.json"}


def test_operation_ids_are_for_generated_clients() -> None:
    id_ = told_of(Operation(handle, "", (FINE,)), "DELETE", "/api/v1/people/{name}/sessions")
    assert id_["operationId"] == "deletePeopleNameSessions"
