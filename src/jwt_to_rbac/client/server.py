"""Our server's HTTP API, as a client calls it: paths and answers, and its refusals as errors."""

import base64
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.errors import ClientError, Refused, Unreachable
from jwt_to_rbac.client.http import Answer, Http
from jwt_to_rbac.client.issuer import Registration
from jwt_to_rbac.client.target import Target

_AUTHORITY = "Name its authority's certificates with --certificate-authority FILE."


@dataclass(frozen=True)
class ClusterEntry:
    """A cluster that the server gives tokens for: its API server's URL and authority (PEM)."""

    name: str
    server: str
    ca_pem: str


@dataclass(frozen=True)
class Offer:
    """What the server tells everybody, reduced to what the person's target names."""

    issuer: Registration
    cluster: ClusterEntry


class Server:
    """jwt-to-rbac at a target's address."""

    def __init__(self, target: Target, clock: ServerClock) -> None:
        self._target = target
        self._clock = clock
        self._http = Http(
            target.certificate_authority, insecure_http=target.insecure_http, hint=_AUTHORITY
        )

    def offer(self) -> Offer:
        """Which issuer to log in at, and for which cluster (`/.well-known/jwt-to-rbac`)."""
        said = self._call("GET", "/.well-known/jwt-to-rbac").json()
        try:
            issuer = _chosen("issuer", said["issuers"], self._target.issuer)
            cluster = _chosen("cluster", said["clusters"], self._target.cluster)
            return Offer(
                Registration(
                    issuer["name"],
                    issuer["issuer"],
                    issuer["clientID"],
                    tuple(issuer.get("scopes") or ()),
                    _pem(issuer),
                ),
                ClusterEntry(cluster["name"], cluster["server"], _pem(cluster)),
            )
        except (KeyError, TypeError, ValueError) as e:
            raise ClientError(
                f"{self._target.server} doesn't describe itself as jwt-to-rbac does ({e!r} is "
                "missing or odd). Is the address right, and is the server as new as this program?"
            ) from e

    def begin_session(
        self, id_token: str, device: str, session: str = "", duration: str = ""
    ) -> dict[str, Any]:
        """Log in, or renew the session that is named; the answer holds a token for Kubernetes."""
        body = {"device": device, "session": session, "duration": duration}
        wanted = {name: value for name, value in body.items() if value}
        return self._call("POST", "/api/v1/sessions", id_token, wanted).json()

    def get(self, path: str, bearer: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """GET below /api/v1."""
        return self._call("GET", _api(path, query), bearer).json()

    def change(
        self,
        method: str,
        path: str,
        bearer: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """POST, PATCH or DELETE below /api/v1; the answer, if it has one."""
        answer = self._call(method, _api(path, query), bearer, body)
        return answer.json() if answer.body else {}

    def _call(self, method: str, path: str, bearer: str = "", body: object = None) -> Answer:
        answer = self._http(method, self._target.server + path, body=body, bearer=bearer)
        self._clock.learn(answer.date)
        if answer.status < 300:
            return answer
        raise _error(answer, self._target.server)


def segment(name: str) -> str:
    """One segment of a path, whatever characters somebody typed."""
    return urllib.parse.quote(name, safe="")


def _api(path: str, query: Mapping[str, str] | None) -> str:
    given = {name: value for name, value in (query or {}).items() if value}
    return f"/api/v1/{path}" + (f"?{urllib.parse.urlencode(given)}" if given else "")


def _chosen(kind: str, offered: list[dict[str, Any]], wanted: str) -> dict[str, Any]:
    """The one that is wanted by name, or the only one. Raises ClientError."""
    names = ", ".join(str(each["name"]) for each in offered)
    if wanted:
        for each in offered:
            if each["name"] == wanted:
                return each
        raise ClientError(f"The server has no {kind} {wanted!r}. It has: {names or 'none'}.")
    if not offered:
        raise ClientError(
            f"The server offers no {kind} to log in with. An administrator must name one in its "
            "configuration."
        )
    if len(offered) > 1:
        raise ClientError(f"The server has several: say --{kind}=NAME with one of {names}.")
    return offered[0]


def _pem(entry: Mapping[str, Any]) -> str:
    return base64.b64decode(entry.get("caData") or "", validate=True).decode()


def _error(answer: Answer, server: str) -> ClientError:
    """RFC 9457's `detail` and our `code`, whatever may stand before the server."""
    try:
        said = answer.json()
    except ClientError:
        said = {}
    detail, code = str(said.get("detail") or ""), str(said.get("code") or "")
    if answer.status >= 500:
        return Unreachable(_with_next_step(detail or f"{server} answered {answer.status}"), code)
    if 300 <= answer.status < 400:
        return ClientError(f"{answer.url} points elsewhere. Give --server its final address.")
    if not code:
        return ClientError(
            f"{answer.url} answered {answer.status}, and not as jwt-to-rbac does. "
            "Is the address right?"
        )
    return Refused(detail or f"{server} refused this: {code}.", code)


def _with_next_step(outage: str) -> str:
    if "try again" in outage.lower():
        return outage
    return f"{outage.rstrip('.')}. Try again soon; if it stays so, tell whoever runs jwt-to-rbac."
