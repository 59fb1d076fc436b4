"""Forms that people send: read within a limit, and only if a page of ours was where they were filled in."""

import asyncio
import hmac
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from jwt_to_rbac.core.errors import Code, Denial, InvalidInput, JwtToRbacError

LARGEST = 64 * 1024
"""Bytes: claims to explain, with hundreds of groups, are the longest that anybody sends."""

SECONDS = 5.0
"""Time for a whole form, so that slow ones hold no place."""

KEY = "form_key"
"""The hidden field that each form has."""

FORM_REFUSED = Denial(
    Code.FORM_REFUSED,
    "This form didn't come from a page of yours here, or from one of before you logged in anew. "
    "Nothing was done. Open the page again and repeat it.",
)


def check(request: Request, form: Mapping[str, str], key: str, origin: str) -> Denial | None:
    """Whether a form was sent from a page that we made for this very visit.

    The key is the visit's own, which no other site can read; beside it, browsers say from where
    a form is sent (`Origin`), and that must be our own `origin` where it is said.
    """
    if from_elsewhere(request, origin):
        return FORM_REFUSED
    given = form.get(KEY, "")
    return None if hmac.compare_digest(given.encode(), key.encode()) else FORM_REFUSED


def from_elsewhere(request: Request, origin: str) -> bool:
    """Whether the browser says that another site's page sent it; old ones say nothing."""
    said = request.headers.get("origin")
    if said is not None and said != origin:
        return True
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


async def read(request: Request) -> dict[str, str]:
    """The fields of a form; the last one of those with one name. Raises JwtToRbacError (body_too_large), InvalidInput."""
    body = b""
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    raise JwtToRbacError(
                        Code.BODY_TOO_LARGE, f"A form may have {LARGEST} bytes at most."
                    )
            try:
                return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
            except ValueError:
                raise InvalidInput(Code.BODY_MALFORMED, "The form can't be read.") from None
    raise InvalidInput(Code.BODY_MALFORMED, f"The form took more than {SECONDS:g} s.")
