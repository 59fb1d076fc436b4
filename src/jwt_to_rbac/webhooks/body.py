"""Reads a webhook request's body within limits. What stands in it is not known here."""

import asyncio
from typing import TypeVar

import msgspec
from starlette.types import Receive

from jwt_to_rbac.core.errors import Code, InvalidInput, JwtToRbacError

BODY_LIMIT = 2 * 1024 * 1024
"""Bytes: a user may have 1,024 groups of 1,024 characters, and the escapes around them."""

BODY_SECONDS = 2.0
"""Time for a whole body: API servers send it at once."""

Shape = TypeVar("Shape")


async def read(receive: Receive, decoder: msgspec.json.Decoder[Shape]) -> Shape:
    """The body as `decoder` takes it. Raises InvalidInput (body_malformed) or body_too_large."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _whole(receive)
    except TimeoutError:
        detail = f"The body took more than {BODY_SECONDS:g} s."
        raise InvalidInput(Code.BODY_MALFORMED, detail) from None
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as e:
        raise InvalidInput(Code.BODY_MALFORMED, f"The body is not as expected: {e}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidInput(Code.BODY_MALFORMED, "The body is not JSON.") from None


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise InvalidInput(Code.BODY_MALFORMED, "The body ended before its end.")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > BODY_LIMIT:
            raise JwtToRbacError(
                Code.BODY_TOO_LARGE, f"The body may have {BODY_LIMIT} bytes at most."
            )
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
