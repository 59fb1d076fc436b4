"""One connection to one API server: calls in, bytes out, and its errors as ours.

Nothing here knows what an object means. Configuration, credentials and TLS come from the
official client; its typed API does not (it costs 1.7 s and 110 MB to import).
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

import aiohttp
import msgspec

from jwt_to_rbac.core.errors import Code, Conflict, InvalidInput, JwtToRbacError, Outage
from jwt_to_rbac.kube.calls import Observe, verb_and_resource
from jwt_to_rbac.kube.connections import Answer, Connections, Received
from jwt_to_rbac.kube.credential import Credential
from jwt_to_rbac.kube.official import (
    SERVICE_HOST_ENV_NAME,
    ConfigException,
    Configuration,
    load_incluster_config,
    load_kube_config,
)
from jwt_to_rbac.kube.places import Places
from jwt_to_rbac.kube.throttle import Throttle

CALL_TIMEOUT = 5.0
"""Seconds for one call, so that a login of five round trips ends before a client's patience."""

CALLS_AT_ONCE = 48
"""Not a rate limit (the API server has priorities and fairness of its own): asyncio keeps 256 KiB
of buffer for each TLS connection, and a server of two cores gives nothing more to a 49th. The
queue is fair: at 64 in flight some calls waited 4 s in aiohttp's, which isn't."""

TRIES = 4
"""How often a throttled call (429, or 503 with Retry-After) is made in all."""

LONGEST_WAIT = 2.0
"""Seconds: a longer Retry-After is handed on to our callers instead of being waited for."""

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

_TROUBLE = (OSError, TimeoutError, ValueError, ConfigException, aiohttp.ClientError)
"""What is raised where an answer should come; ValueError for a credential that no header can hold,
ConfigException for a token file that is empty at this moment."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that the caller said it can handle."""

    status: int
    body: Received


class _Status(msgspec.Struct):
    """The part of a metav1.Status that goes into a message."""

    reason: str = ""
    message: str = ""


async def load_configuration(kubeconfig: str) -> Configuration:
    """The official client's Configuration, from a kubeconfig's path.

    "" is the pod's own ServiceAccount, and outside of a pod the kubeconfig that kubectl would
    take ($KUBECONFIG, then ~/.kube/config). Raises InvalidInput if there is none.
    """
    configuration = Configuration()
    try:
        if not kubeconfig and SERVICE_HOST_ENV_NAME in os.environ:
            load_incluster_config(client_configuration=configuration)
        else:
            await load_kube_config(kubeconfig or None, client_configuration=configuration)
    except (ConfigException, OSError) as e:
        where = f"kubeconfig {kubeconfig!r}" if kubeconfig else "no kubeconfig is named"
        raise InvalidInput(
            Code.CONFIGURATION_INVALID,
            f"{where}: {e}. Name a readable kubeconfig, or run inside a pod.",
        ) from e
    return configuration


class KubeSession:
    """Calls to one API server. Without a rate limit of its own: it obeys the server's 429.

    `observe` is told of each call that was made, and of each answer to a watch. `again` reads
    the configuration anew, for when its credential was replaced.
    """

    def __init__(
        self,
        configuration: Configuration,
        observe: Observe = lambda *call: None,
        again: Callable[[], Awaitable[Configuration]] | None = None,
    ) -> None:
        self.configuration = configuration
        self._observe = observe
        self._credential = Credential(configuration, again)
        context = self._credential.tls
        self._places = Places(CALLS_AT_ONCE)
        self._throttle = Throttle(self._places)
        self._guard: Callable[[], None] = lambda: None
        self._connections = Connections(configuration.host, context)
        # trust_env off: a proxy variable of the environment must not see this traffic
        # (a kubeconfig's own proxy-url does apply).
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=0), trust_env=False
        )

    def behind(self, guard: Callable[[], None]) -> Self:
        """The same connection, whose writes ask `guard` right before each try.

        A write may have waited long by then; what `guard` raises stops it.
        """
        twin = copy(self)
        twin._guard = guard
        return twin

    async def close(self) -> None:
        await self._connections.close()
        await self._http.close()

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        also: tuple[int, ...] = (),
        content_type: str = JSON,
        urgent: bool = False,
        seconds: float = CALL_TIMEOUT,
    ) -> Reply:
        """Make one call, each try within `seconds`; a 2xx or a status in `also` comes back.

        `urgent` ones and what takes something away (DELETE) go ahead of others that wait.
        Raises Outage (unreachable, too slow, throttled, 5xx), Conflict (409), or
        JwtToRbacError (cluster_refused) with the API server's own sentence.
        """
        data = b"" if body is None else msgspec.json.encode(body)
        for attempt in range(TRIES):
            self._not_in_vain()
            await self._places.take(urgent or method == "DELETE", again=attempt > 0)
            try:
                if method != "GET":
                    self._guard()
                round_ = self._throttle.round
                reply, wait = await self._once(method, path, data, content_type, seconds)
                if wait is not None:
                    self._throttle.told(round_, wait)
                elif self._throttle.narrow:
                    self._throttle.passed(round_)
            finally:
                self._places.give()
            if wait is None:
                break
        if reply.status < 300 or reply.status in also:
            return reply
        raise _error(reply, method, path, wait)

    async def _once(
        self, method: str, path: str, data: bytes, content_type: str, seconds: float
    ) -> tuple[Reply, float | None]:
        began = time.monotonic()
        reply, wait = await self._try(method, path, data, content_type, seconds)
        if reply.status == HTTPStatus.UNAUTHORIZED and await self._credential.renewed(began):
            # Not one that was opened with the old certificate.
            self._connections.drop()
            reply, wait = await self._try(method, path, data, content_type, seconds)
        return reply, wait

    async def _try(
        self, method: str, path: str, data: bytes, content_type: str, seconds: float
    ) -> tuple[Reply, float | None]:
        began, status = time.perf_counter(), "error"
        ask = self._ask_by_proxy if self.configuration.proxy else self._connections.ask
        try:
            async with asyncio.timeout(seconds):
                answer = await ask(method, path, await self._headers(content_type), data)
            status = str(answer.status)
            return Reply(answer.status, answer.body), _retry_after(
                answer.status, answer.retry_after
            )
        except _TROUBLE as e:
            raise _unreachable(e) from e
        finally:
            self._tell(method, path, status, began)

    async def _ask_by_proxy(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> Answer:
        async with self._http.request(
            method,
            self.configuration.host + path,
            data=body,
            headers=headers,
            proxy=self.configuration.proxy,
        ) as response:
            retry_after = response.headers.get("Retry-After", "")
            return Answer(response.status, retry_after, await response.read())

    async def date(self) -> str:
        """The Date header of whatever is answered; empty without one. Raises Outage."""
        try:
            async with asyncio.timeout(CALL_TIMEOUT):
                url, proxy = f"{self.configuration.host}/version", self.configuration.proxy
                async with self._http.get(url, proxy=proxy) as response:
                    return response.headers.get("Date", "")
        except _TROUBLE as e:
            raise _unreachable(e) from e

    @asynccontextmanager
    async def stream(self, path: str, silence: float) -> AsyncIterator[aiohttp.StreamReader]:
        """A watch: the body as it comes, ended after `silence` seconds without a byte."""
        limits = aiohttp.ClientTimeout(total=None, sock_connect=CALL_TIMEOUT, sock_read=silence)
        self._not_in_vain()
        await self._places.take(urgent=True)
        began, answered, round_ = time.perf_counter(), False, self._throttle.round
        try:
            try:
                response = await self._http.get(
                    self.configuration.host + path,
                    headers=await self._headers(JSON),
                    proxy=self.configuration.proxy,
                    timeout=limits,
                )
                answered = True
                wait = _retry_after(response.status, response.headers.get("Retry-After", ""))
                if wait is not None:
                    self._throttle.told(round_, wait)
            finally:
                self._places.give()
            self._tell("GET", path, str(response.status), began)
            async with response:
                if response.status != HTTPStatus.OK:
                    reply = Reply(response.status, await response.read())
                    raise _error(reply, "GET", path, wait)
                yield response.content
        except _TROUBLE as e:
            if not answered:
                self._tell("GET", path, "error", began)
            elif isinstance(e, ValueError):
                raise  # Not the connection's: whoever reads the body makes nothing of it.
            raise _unreachable(e) from e

    def _not_in_vain(self) -> None:
        """Raise Outage if the API server wants no calls for longer than one may wait."""
        if self._throttle.left > LONGEST_WAIT:
            raise Outage(
                Code.CLUSTER_UNAVAILABLE,
                "The Kubernetes API server is overloaded and asked to be left alone.",
                self._throttle.left,
            )

    def _tell(self, method: str, path: str, status: str, began: float) -> None:
        seconds = time.perf_counter() - began
        self._observe(*verb_and_resource(method, path), status, seconds)

    async def _headers(self, content_type: str) -> dict[str, str]:
        headers = {"Accept": JSON, "Content-Type": content_type, "User-Agent": "jwt-to-rbac"}
        authorization = await self._credential.authorization()
        if authorization:
            headers["Authorization"] = authorization
        return headers


def _retry_after(status: int, value: str) -> float | None:
    if status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return None
    # Kubernetes sends whole seconds; RFC 9110 also allows a date, which it never uses.
    return float(value) if value.isdecimal() else None


def _unreachable(e: Exception) -> Outage:
    reason = "timed out" if isinstance(e, TimeoutError) else type(e).__name__
    return Outage(Code.CLUSTER_UNAVAILABLE, f"The Kubernetes API server can't be reached: {reason}")


def _error(reply: Reply, method: str, path: str, wait: float | None) -> JwtToRbacError:
    try:
        status = msgspec.json.decode(reply.body, type=_Status)
    except msgspec.DecodeError:
        status = _Status()
    said = f"{method} {path.split('?')[0]}: {reply.status} {status.reason} {status.message[:300]}"
    if reply.status == HTTPStatus.CONFLICT:
        return Conflict(Code.BUSY, said)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS or reply.status >= 500:
        return Outage(Code.CLUSTER_UNAVAILABLE, said, wait or 1.0)
    return JwtToRbacError(Code.CLUSTER_REFUSED, said)
