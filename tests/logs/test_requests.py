"""What is told of a request: its template and outcome; of a failure its class, code and places."""

import asyncio
import json
import os
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

from jwt_to_rbac.api.edge import Edge, Told
from jwt_to_rbac.api.operation import Operation
from jwt_to_rbac.api.reading import noted
from jwt_to_rbac.api.resource import router, routes
from jwt_to_rbac.core.errors import Code, InvalidInput, Outage
from jwt_to_rbac.logs import Stderr, make_log

SECRET = "eyJhbGciOi.canary.token"


class Seen:
    """An application whose one path fails as told, behind the edge, and all that the edge tells."""

    def __init__(self, error: BaseException | None, level: str = "info") -> None:
        self._error = error
        self._read, self._write = os.pipe()
        self.requests: list[tuple[str, str, int]] = []
        self.codes: list[str] = []
        self.sent: list[Message] = []
        self.from_where = ""
        told = Told(
            lambda method, path, status, seconds: self.requests.append((method, path, status)),
            self.codes.append,
            make_log(level, "json", False, Stderr(self._write)),
        )
        paths = routes({"/tokens/{name}": {"GET": Operation(self.handle, "", ())}})
        self._edge: ASGIApp = Edge(router(paths), lambda: "r1", told)

    async def handle(self, request: Request) -> Response:
        self.from_where = noted(request).source
        if self._error is not None:
            raise self._error
        return Response("fine")

    async def call(self, path: str = "/tokens/jane/") -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        async def send(message: Message) -> None:
            self.sent.append(message)

        scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "headers": [],
            "query_string": f"token={SECRET}".encode(),
            "client": ("192.0.2.7", 4711),
        }
        await self._edge(scope, receive, send)

    def lines(self) -> list[dict[str, Any]]:
        os.close(self._write)
        with os.fdopen(self._read) as pipe:
            return [json.loads(line) for line in pipe]

    def answer(self) -> tuple[int, str]:
        start, body = self.sent
        return start["status"], body["body"].decode()


async def test_a_good_request_is_counted_by_its_template_and_not_logged() -> None:
    seen = Seen(None)
    await seen.call()
    assert seen.answer() == (200, "fine")
    assert seen.requests == [("GET", "/tokens/{name}", 200)]
    assert seen.from_where == "192.0.2.7"
    assert (seen.codes, seen.lines()) == ([], [])


async def test_at_debug_every_request_has_a_line() -> None:
    seen = Seen(None, "debug")
    await seen.call()
    (line,) = seen.lines()
    assert (line["request"], line["path"], line["status"]) == ("r1", "/tokens/{name}", 200)


async def test_a_path_that_does_not_exist_has_no_name_of_its_own() -> None:
    seen = Seen(None, "debug")
    await seen.call(f"/{SECRET}")
    assert seen.requests == [("GET", "", 404)]
    assert SECRET not in str(seen.lines())


async def test_an_error_of_ours_tells_no_word_of_it() -> None:
    seen = Seen(ValueError(f"bad token {SECRET}"))
    await seen.call()
    status, body = seen.answer()
    assert (status, json.loads(body)["code"]) == (500, "internal")
    assert seen.codes == ["internal"]
    (line,) = seen.lines()
    assert (line["level"], line["error"], line["request"]) == ("error", "ValueError", "r1")
    assert line["trace"][-1].endswith(" handle")
    assert SECRET not in body + str(line)


@pytest.mark.parametrize(
    ("error", "status", "level"),
    [
        pytest.param(Outage(Code.BUSY, "Try again."), 503, "warning", id="an-outage"),
        pytest.param(InvalidInput(Code.BODY_MALFORMED, "No."), 400, None, id="the-client's-fault"),
    ],
)
async def test_only_failures_for_our_reasons_are_logged(
    error: Exception, status: int, level: str | None
) -> None:
    seen = Seen(error)
    await seen.call()
    assert seen.answer()[0] == status
    assert seen.requests == [("GET", "/tokens/{name}", status)]
    assert [line["level"] for line in seen.lines()] == ([level] if level else [])


async def test_a_client_that_goes_away_is_counted_as_such() -> None:
    seen = Seen(asyncio.CancelledError())
    with pytest.raises(asyncio.CancelledError):
        await seen.call()
    assert seen.requests == [("GET", "/tokens/{name}", 0)]
