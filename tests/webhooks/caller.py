"""Calls our webhooks as an API server does, and as one shouldn't."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Caller:
    """Somebody with the exported client certificate, or without one."""

    url: str
    folder: Path
    certificate: bool = True

    def post(
        self, path: str, body: object, method: str = "POST", headers: Mapping[str, str] = {}
    ) -> tuple[int, Any]:
        """Status and JSON. Raises ssl.SSLError or ConnectionError where TLS refuses."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        if self.certificate:
            context.load_cert_chain(self.folder / "client.crt", self.folder / "client.key")
        where = urlsplit(self.url).netloc
        connection = http.client.HTTPSConnection(where, timeout=20, context=context)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, data, {"Content-Type": "application/json", **headers})
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()

    def review(self, token: str, *audiences: str) -> dict[str, Any]:
        """The status of a TokenReview."""
        spec = {"token": token} | ({"audiences": audiences} if audiences else {})
        status, answer = self.post("/authenticate", token_review(spec))
        assert status == 200, answer
        found: dict[str, Any] = answer["status"]
        return found

    def may(self, user: Mapping[str, object], **attributes: str) -> dict[str, Any]:
        """The status of a SubjectAccessReview about a resource."""
        spec = {"resourceAttributes": attributes} | {
            "user": user["username"],
            "groups": user["groups"],
            "extra": user["extra"],
        }
        status, answer = self.post("/authorize", access_review(spec))
        assert status == 200, answer
        found: dict[str, Any] = answer["status"]
        return found


def token_review(spec: object) -> dict[str, object]:
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": spec}


def access_review(spec: object) -> dict[str, object]:
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
