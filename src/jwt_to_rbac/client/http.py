"""HTTPS calls to our server, the issuer and the API server: strict TLS, no redirects, bounded."""

import ipaddress
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from jwt_to_rbac.client.errors import ClientError, Unreachable

SECONDS = 15.0
"""For one call: our server itself gives up after ten."""

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes: a list of thousands of people fits."""


@dataclass(frozen=True)
class Answer:
    """An answer, whatever its status. `date` is its Date header in seconds since 1970."""

    url: str
    status: int
    body: bytes
    date: float | None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; raises ClientError if it is something else."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ClientError(
                f"{self.url} answered {self.status} with something else than a JSON object. "
                "Is that the right address?"
            )
        return found


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take a token along to wherever it points."""

    def redirect_request(self, *_: object) -> None:
        return None


class Http:
    """Calls that trust the system's certificate authorities, or those of `ca_file`/`ca_data` (PEM).

    http without TLS is for loopback addresses, unless `insecure_http`.
    """

    def __init__(
        self, ca_file: str = "", ca_data: str = "", insecure_http: bool = False, hint: str = ""
    ) -> None:
        try:
            context = ssl.create_default_context(cafile=ca_file or None, cadata=ca_data or None)
        except (OSError, ssl.SSLError) as e:
            where = ca_file or "The certificates that the server names"
            raise ClientError(f"{where} can't be used as certificate authority: {e}.") from e
        handlers = (urllib.request.HTTPSHandler(context=context), _NoRedirects)
        self._direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)
        self._proxied = urllib.request.build_opener(*handlers)
        self._insecure_http = insecure_http
        self._hint = hint

    def __call__(
        self,
        method: str,
        url: str,
        *,
        body: object = None,
        form: Mapping[str, str] | None = None,
        bearer: str = "",
    ) -> Answer:
        """One call. Raises Unreachable, or ClientError if it may not be made."""
        loopback = self._check(url)
        headers = {"Accept": "application/json", "User-Agent": "jwt-to-rbac"}
        data = None
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
        elif body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        request = urllib.request.Request(url, data, headers, method=method)
        opener = self._direct if loopback else self._proxied
        try:
            with opener.open(request, timeout=SECONDS) as reply:
                return _answer(url, reply.status, reply.headers, reply.read(LARGEST_ANSWER))
        except urllib.error.HTTPError as reply:
            with reply:
                return _answer(url, reply.code, reply.headers, reply.read(LARGEST_ANSWER))
        except (OSError, ValueError) as e:
            raise self._trouble(url, e) from e

    def _check(self, url: str) -> bool:
        """Whether it is a loopback address. Raises ClientError for what must not be called."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ClientError(f"{url!r} is not the URL of a server: https://… is wanted.")
        loopback = is_loopback(parts.hostname)
        if parts.scheme == "http" and not (loopback or self._insecure_http):
            raise ClientError(
                f"{url} has no TLS, and tokens would pass in the clear. Use https, or say "
                "--insecure-http if you know who is on the way."
            )
        return loopback

    def _trouble(self, url: str, e: Exception) -> ClientError:
        parts = urllib.parse.urlsplit(url)
        where = f"{parts.scheme}://{parts.netloc}"
        cause = e.reason if isinstance(e, urllib.error.URLError) else e
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ClientError(
                f"The certificate of {where} is not trusted: {cause.verify_message}. {self._hint}"
            )
        if isinstance(cause, TimeoutError):
            return Unreachable(f"{where} did not answer within {SECONDS:g} s. Try again.")
        words = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        return Unreachable(f"{where} can't be reached: {words}. Is it up, and are you online?")


def is_loopback(host: str) -> bool:
    """Whether packets for this host stay on the machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _answer(url: str, status: int, headers: Message, body: bytes) -> Answer:
    try:
        date = parsedate_to_datetime(headers["Date"]).timestamp()
    except (TypeError, ValueError):
        date = None
    return Answer(url.partition("?")[0], status, body, date)
