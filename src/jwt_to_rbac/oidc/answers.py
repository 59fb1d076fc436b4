"""Tells how issuers answered, without a change to the code that asks them."""

from collections.abc import Callable
from types import SimpleNamespace

import aiohttp


def told(tell: Callable[[str, str], None]) -> aiohttp.TraceConfig:
    """For a ClientSession: `tell` gets the host of each request and the answer's status, or `error`.

    Hosts are as configured, or as an issuer's discovery document says where its keys are.
    """

    async def answered(
        _: aiohttp.ClientSession, __: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        tell(end.url.authority, str(end.response.status))

    async def failed(
        _: aiohttp.ClientSession, __: SimpleNamespace, end: aiohttp.TraceRequestExceptionParams
    ) -> None:
        tell(end.url.authority, "error")

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(answered)
    trace.on_request_exception.append(failed)
    return trace
