"""The sandbox's administrator over one kept connection: thousands of calls, without kubectl."""

import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import yaml

from jwt_to_rbac.kube.types import RoleRule
from jwt_to_rbac.sandbox import Sandbox


class Admin:
    """Calls as `system:masters`."""

    def __init__(self, connection: http.client.HTTPSConnection) -> None:
        self._connection = connection

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON; AssertionError with what was said for a refusal."""
        data = None if body is None else json.dumps(body, default=_plain)
        self._connection.request(method, path, data, {"Content-Type": "application/json"})
        reply = self._connection.getresponse()
        text = reply.read().decode()
        assert reply.status < 300, f"{method} {path}: {reply.status} {text}"
        return json.loads(text)

    def may(self, spec: dict[str, object]) -> bool:
        """What the API server's authorizers say (SubjectAccessReview)."""
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview"}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        return bool(self.call("POST", path, body | {"spec": spec})["status"]["allowed"])


@contextmanager
def administrator(sandbox: Sandbox) -> Iterator[Admin]:
    user = yaml.safe_load(sandbox.kubeconfig.read_text())["users"][0]["user"]
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    context.load_cert_chain(user["client-certificate"], user["client-key"])
    where = urlsplit(sandbox.api_server).netloc
    connection = http.client.HTTPSConnection(where, timeout=30, context=context)
    try:
        yield Admin(connection)
    finally:
        connection.close()


def _plain(value: object) -> object:
    if isinstance(value, RoleRule):
        return {
            "verbs": value.verbs,
            "apiGroups": value.api_groups,
            "resources": value.resources,
            "resourceNames": value.resource_names,
            "nonResourceURLs": value.non_resource_urls,
        }
    raise TypeError(type(value).__name__)
