"""A real kube-apiserver, set up from our exports alone, and requests to it with a bearer token."""

import http.client
import json
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jwt_to_rbac.sandbox import Sandbox


@dataclass(frozen=True)
class ApiServer:
    """An API server by its URL. Each request has a connection of its own."""

    url: str
    ca_file: Path

    def ask(self, token: str, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Status and body. A watch is ended once its head is there."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        where = urlsplit(self.url)
        connection = http.client.HTTPSConnection(where.netloc, timeout=40, context=context)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if method == "GET" else json.dumps({} if body is None else body)
        try:
            connection.request(method, path, data, headers)
            reply = connection.getresponse()
            if "watch=" in path and reply.status == 200:
                return 200, ""
            return reply.status, reply.read().decode(errors="replace")
        finally:
            connection.close()

    def allows(self, token: str, method: str, path: str) -> bool:
        """Whether the request got past authentication and authorization, whatever came then."""
        status, body = self.ask(token, method, path)
        assert status != 401, f"{method} {path}: {body}"
        return status != 403

    def user(self, token: str) -> dict[str, object] | None:
        """Whom it takes the token for (SelfSubjectReview), or None for nobody."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        status, text = self.ask(token, "POST", path, body)
        if status == 401:
            return None
        assert status == 201, text
        found: dict[str, object] = json.loads(text)["status"]["userInfo"]
        return found


def export(*arguments: str) -> str:
    """What `jwt-to-rbac export` writes."""
    command = [sys.executable, "-m", "jwt_to_rbac", "export", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Exports:
    """Our exports as files, and the API server's flags for them."""

    folder: Path

    @staticmethod
    def made(folder: Path, server: str) -> "Exports":
        """The webhooks' kubeconfigs, with certificates for both sides."""
        export("webhook-config", str(folder), "--server", server)
        made = Exports(folder)
        authorization = folder / "authorization.yaml"
        authorization.write_text(
            export("authorization-config", str(folder / "authorization.kubeconfig"))
        )
        return made

    def authentication(self, config: Path, *more: str) -> str:
        """The flag for an AuthenticationConfiguration of this configuration."""
        file = self.folder / "authentication.yaml"
        file.write_text(export("authentication-config", "--config", str(config), *more))
        return f"--authentication-config={file}"

    def webhook_authentication(self) -> tuple[str, ...]:
        return (
            f"--authentication-token-webhook-config-file={self.folder}/authentication.kubeconfig",
            "--authentication-token-webhook-version=v1",
            "--authentication-token-webhook-cache-ttl=0s",
        )

    def webhook_authorization(self) -> str:
        return f"--authorization-config={self.folder}/authorization.yaml"


def beside(sandbox: Sandbox, url: str) -> ApiServer:
    return ApiServer(url, sandbox.ca_file)
