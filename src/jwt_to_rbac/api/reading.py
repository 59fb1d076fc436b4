"""Reading requests: bodies within a limit, JSON of a given shape, bearer tokens. No decisions."""

from typing import TypeVar

import msgspec
from starlette.requests import Request

from jwt_to_rbac.core.errors import Code, InvalidInput, JwtToRbacError

BODY_LIMIT = 128 * 1024
"""Bytes: twice the longest token that is taken, with room for JSON around it."""

Shape = TypeVar("Shape")


async def read_json(request: Request, shape: type[Shape]) -> Shape:
    """The body as `shape`; raises JwtToRbacError (body_too_large) or InvalidInput (body_malformed)."""
    body = await _read(request)
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as e:
        raise InvalidInput(Code.BODY_MALFORMED, f"The body is not as expected: {e}.") from None
    except msgspec.DecodeError:
        raise InvalidInput(Code.BODY_MALFORMED, "The body is not JSON.") from None


async def _read(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and len(announced) < 20 and int(announced) <= BODY_LIMIT:
        parts: list[bytes] = []
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > BODY_LIMIT:
                break
            parts.append(part)
        else:
            return b"".join(parts)
    raise JwtToRbacError(Code.BODY_TOO_LARGE, f"The body may have {BODY_LIMIT} bytes at most.")


def bearer(request: Request) -> str:
    """The bearer token (RFC 6750, section 2.1), or "" where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def request_id(request: Request) -> str:
    return str(request.scope["state"]["request"])
