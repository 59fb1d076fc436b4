"""Fetches one small document from an issuer, within bounds; what stands in it is not known here."""

import asyncio
import ssl
from collections.abc import Mapping

import aiohttp

from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer

MAX_DOCUMENT_BYTES = 262_144
"""A key set with 100 RSA keys and their certificates has about half of it."""

FETCH_SECONDS = 5.0
"""For one document, from the first packet to the last byte: a login waits for two at most."""


class FetchFailed(Exception):
    """The document couldn't be had. The message is a sentence that names the address."""


async def fetch_document(
    session: aiohttp.ClientSession, issuer: TrustedIssuer, url: str, seconds: float
) -> bytes:
    """GET `url`, one of this issuer's, within `seconds` and return its body. Raises FetchFailed."""
    status, body = await ask(session, issuer, url, seconds)
    if status != 200:
        raise FetchFailed(f"{url} answered with status {status}, not 200")
    return body


async def ask(
    session: aiohttp.ClientSession,
    issuer: TrustedIssuer,
    url: str,
    seconds: float,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """GET `url`, or POST a form to it; the answer's status and body. Raises FetchFailed.

    `session` is to be made with `trust_env=False`, or a proxy variable decides whose keys we
    get. Redirects are refused: the operator has named the place, and following one would let
    whoever answers there send us anywhere.
    """
    if session.closed:  # aiohttp would raise a bare RuntimeError.
        raise FetchFailed(f"{url} was not asked, for this program is stopping")
    tls = _tls(issuer)
    try:
        async with asyncio.timeout(seconds):
            async with session.request(
                "GET" if form is None else "POST",
                url,
                data=form,
                ssl=tls,
                allow_redirects=False,
                headers={"Accept": "application/json", **(headers or {})},
            ) as answer:
                return answer.status, await _read(answer, url)
    except TimeoutError:
        raise FetchFailed(f"{url} did not answer in full within {seconds:g} seconds") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # The class says what went wrong (ClientConnectorCertificateError, …); the text may
        # hold whatever the other side sent.
        raise FetchFailed(f"{url} could not be read ({type(error).__name__})") from None


async def _read(answer: aiohttp.ClientResponse, url: str) -> bytes:
    # Counted while reading, for Content-Length is the sender's word, and absent when chunked.
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_DOCUMENT_BYTES:
            raise FetchFailed(f"{url} sent more than {MAX_DOCUMENT_BYTES} bytes")
    return bytes(body)


def _tls(issuer: TrustedIssuer) -> ssl.SSLContext | bool:
    if not issuer.verify_tls:
        return False
    if issuer.ca_file is None and not issuer.ca_pem:
        return True
    try:
        # Read anew for each fetch, so that a rotated CA file needs no restart.
        return ssl.create_default_context(cafile=issuer.ca_file, cadata=issuer.ca_pem or None)
    except (OSError, TypeError) as error:  # ssl.SSLError is an OSError; TypeError: not ASCII.
        which = f"the CA file {issuer.ca_file}" if issuer.ca_file else "the configured CA"
        raise FetchFailed(f"{which} can't be used ({type(error).__name__})") from None
