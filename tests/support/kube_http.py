"""An HTTP session with a kubeconfig's credential, for tests that speak to the API server themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from jwt_to_rbac.kube.official import RESTClientObject
from jwt_to_rbac.kube.session import load_configuration

ENDING = 0.25
"""Seconds in which connections by TLS end once the session is closed (aiohttp's documentation,
"Graceful shutdown"): a loop that ends before leaves them to the collector, and so to another test."""


@asynccontextmanager
async def kube_http(
    kubeconfig: Path, patience: float | None = None
) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """The API server's URL and the session; `patience` is in seconds for one call."""
    configuration = await load_configuration(str(kubeconfig))
    context = RESTClientObject(configuration).ssl_context
    connector = aiohttp.TCPConnector(ssl=context, limit=0)
    limits = aiohttp.ClientTimeout(total=patience) if patience else aiohttp.ClientTimeout()
    # Of a ServiceAccount; whoever has a certificate needs none.
    token = await configuration.get_api_key_with_prefix("BearerToken")
    headers = {"Authorization": token.strip()} if token else {}
    async with aiohttp.ClientSession(connector=connector, timeout=limits, headers=headers) as http:
        yield configuration.host, http
    await asyncio.sleep(ENDING)
