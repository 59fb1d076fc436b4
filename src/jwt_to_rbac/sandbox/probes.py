"""Asks a part whether it is ready; each probe answers at once and never waits for readiness."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from jwt_to_rbac.certificate_authority import Pair

Probe = Callable[[], Awaitable[bool]]


class Web:
    """HTTP probes over one session that trusts the sandbox's CA and is its administrator."""

    def __init__(self, ca: Path, admin: Pair) -> None:
        context = ssl.create_default_context(cafile=str(ca))
        context.load_cert_chain(admin.certificate, admin.key)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, force_close=True),
            timeout=aiohttp.ClientTimeout(total=2),
        )

    def answers(self, url: str) -> Probe:
        """A probe: does GET `url` say 200?"""

        async def probe() -> bool:
            try:
                async with self._session.get(url) as response:
                    return response.status == 200
            except (aiohttp.ClientError, TimeoutError):
                return False

        return probe

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()


def succeeds(*command: str) -> Probe:
    """A probe: does `command` exit with 0?"""

    async def probe() -> bool:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await process.wait() == 0

    return probe


def both(first: Probe, second: Probe) -> Probe:
    """A probe: is `first` ready, and then `second` too?"""

    async def probe() -> bool:
        return await first() and await second()

    return probe
