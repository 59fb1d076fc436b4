"""Errors and denials as problem documents (RFC 9457): the one place where they become HTTP."""

from http import HTTPStatus

import msgspec
from starlette.responses import Response

from jwt_to_rbac.core.errors import Code, Denial, JwtToRbacError, Outage, status_of

MEDIA_TYPE = "application/problem+json"
TYPE = "https://jwt-to-rbac.io/errors/"


class Problem(msgspec.Struct, rename="camel"):
    """A problem document (RFC 9457). `code` is for programs, `detail` for people, `requestId` to find it again."""

    type: str
    title: str
    status: int
    detail: str
    code: Code
    request_id: str


def problem(
    code: Code, detail: str, request: str, headers: dict[str, str] | None = None
) -> Response:
    """The answer that holds one; `request` is the request's id."""
    status = status_of(code)
    title = code.replace("_", " ").capitalize()
    body = Problem(f"{TYPE}{code}", title, status.value, detail, code, request)
    answer_headers = {"Cache-Control": "no-store"} | (headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110 wants it with every 401; RFC 6750 names the scheme.
        answer_headers["WWW-Authenticate"] = f'Bearer error="invalid_token", error_code="{code}"'
    return Response(msgspec.json.encode(body), status, answer_headers, MEDIA_TYPE)


def denied(denial: Denial, request: str) -> Response:
    return problem(denial.code, denial.detail, request)


def failed(error: JwtToRbacError, request: str) -> Response:
    headers = (
        {"Retry-After": str(max(1, round(error.retry_after)))}
        if isinstance(error, Outage)
        else None
    )
    return problem(error.code, error.detail, request, headers)
