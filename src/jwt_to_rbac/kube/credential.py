"""The program's own credential at the API server, which may be replaced while it runs.

It is read anew when the API server refuses it, and not before: whoever rotates a credential (kubelet, a
token file, an exec plugin, cert-manager) brings the new one while the old one is still good, and the
first call that is refused is repeated with it. In a pod the official client reads the token's file each
minute besides.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable

from jwt_to_rbac.core.errors import InvalidInput
from jwt_to_rbac.kube.official import Configuration, RESTClientObject

PAUSE = 5.0
"""Seconds between two readings: a credential that stays refused must not run an exec plugin at each call."""


class Credential:
    """`configuration` is changed in place, `tls` too. `again` reads it anew; without it nothing changes."""

    def __init__(
        self,
        configuration: Configuration,
        again: Callable[[], Awaitable[Configuration]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._configuration = configuration
        self._again = again
        self._clock = clock
        self._lock = asyncio.Lock()
        self._tried_at = self._read_at = float("-inf")
        self.tls: ssl.SSLContext = RESTClientObject(configuration).ssl_context

    async def authorization(self) -> str:
        """The header's value; empty where a certificate is all there is."""
        # Asked for each time: in a pod the token file rotates, and the hook reads it anew.
        value = await self._configuration.get_api_key_with_prefix("BearerToken")
        return value.strip() if value else ""  # A token file may end in a line feed.

    async def renewed(self, since: float) -> bool:
        """Whether there is one that was read after `since` (on the clock), when the refused call began."""
        async with self._lock:
            if self._read_at > since:
                return True  # For another call that was refused.
            now = self._clock()
            if self._again is None or now - self._tried_at < PAUSE:
                return False
            self._tried_at = now
            try:
                fresh = await self._again()
                if fresh.cert_file:
                    self.tls.load_cert_chain(fresh.cert_file, fresh.key_file)
            except (InvalidInput, OSError):
                return False  # Half of it is there, perhaps.
            self._configuration.api_key = fresh.api_key
            self._configuration.refresh_api_key_hook = fresh.refresh_api_key_hook
            self._read_at = self._clock()
            return True
