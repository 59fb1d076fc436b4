"""Reading requests: bodies within a limit, JSON of a given shape, bearer tokens. No decisions."""

import asyncio
from contextlib import suppress
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from jwt_to_rbac import ports
from jwt_to_rbac.core.errors import Code, InvalidInput, JwtToRbacError

BODY_LIMIT = 128 * 1024
"""Bytes: twice the longest token that is taken, with room for JSON around it."""

LINGER_LIMIT = 32 * 1024 * 1024
"""Bytes of a body that is too large which are still read, and thrown away: a client that writes
all before it reads would see a broken pipe instead of the answer (nginx's lingering_close)."""

BODY_SECONDS = 5.0
"""Time for a whole body, so that slow ones hold no place."""

Shape = TypeVar("Shape")


async def read_json(request: Request, shape: type[Shape]) -> Shape:
    """The body as `shape`; raises JwtToRbacError (body_too_large) or InvalidInput (body_malformed)."""
    body = await _read(request)
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as e:
        raise InvalidInput(Code.BODY_MALFORMED, f"The body is not as expected: {e}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidInput(Code.BODY_MALFORMED, "The body is not JSON.") from None


async def _read(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size <= BODY_LIMIT:
                    parts.append(part)
                elif size > LINGER_LIMIT:
                    break
            if size <= BODY_LIMIT:
                return b"".join(parts)
    if size <= BODY_LIMIT:
        raise InvalidInput(Code.BODY_MALFORMED, f"The body took more than {BODY_SECONDS:g} s.")
    raise JwtToRbacError(Code.BODY_TOO_LARGE, f"The body may have {BODY_LIMIT} bytes at most.")


def bearer(request: Request) -> str:
    """The bearer token (RFC 6750, section 2.1), or "" where there is none.

    Nor is there one where the header is there twice: a proxy may have looked at the other.
    """
    given = request.headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


def noted(request: Request) -> ports.Request:
    """What the use cases are to know of the request: the edge has noted it."""
    found: ports.Request = request.scope["state"]["request"]
    return found


def request_id(request: Request) -> str:
    return noted(request).id
