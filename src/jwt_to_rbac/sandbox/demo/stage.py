"""What every step of the story has at hand, and the few things that all of them do with it."""

import base64
from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.sandbox import Sandbox
from jwt_to_rbac.sandbox.demo.http import Answer, call
from jwt_to_rbac.sandbox.demo.kubectl import Kubectl, with_token
from jwt_to_rbac.sandbox.demo.telling import Teller
from jwt_to_rbac.sandbox.demo.terminal import Ink

ACCOUNTS = ("-n", "jwt-to-rbac-users")
OURS = ("-l", "generatedby=jwttorbac")


@dataclass(frozen=True)
class Stage:
    """`admin` is kubectl as the cluster's administrator; `folder` is the demo's own, mode 0700."""

    teller: Teller
    sandbox: Sandbox
    admin: Kubectl
    folder: Path
    server: str = ""

    def call(self, method: str, path: str, *, body: object = None, bearer: str = "") -> Answer:
        """A call of our server."""
        return call(method, self.server + path, body=body, bearer=bearer)

    def fetch_token(self, account: str, id_token: str) -> str:
        """A Kubernetes token as the article fetches it: a list of one, in base64."""
        answer = self.call("GET", f"/tokens/{account}", bearer=id_token)
        seen = answer.line if answer.status == 200 else f"{answer.line} {answer.text}"
        self.teller.sure(f"GET /tokens/{account} answers 200 OK", answer.status == 200, seen)
        return base64.b64decode(answer.json()[0]["data"]["token"]).decode()

    def become(self, name: str, token: str) -> Kubectl:
        """kubectl with nothing but this token."""
        return with_token(self.admin, self.folder / f"{name}.kubeconfig", token)

    def may(self, who: Kubectl, command: str, *, named: str) -> None:
        """Show that kubectl is allowed something. Raises Wrong."""
        self._tried(who, command, named, allowed=True)

    def may_not(self, who: Kubectl, command: str, *, named: str) -> None:
        """Show that kubectl is refused something. Raises Wrong."""
        self._tried(who, command, named, allowed=False)

    def _tried(self, who: Kubectl, command: str, named: str, *, allowed: bool) -> None:
        done = who.ask(*command.split())
        self.teller.command(named, f"kubectl {command}")
        # The first line says why, or heads a list that is not the point here.
        self.teller.terminal.prose(done.said.partition("\n")[0], Ink.FAINT)
        if allowed:
            self.teller.sure("allowed", done.allowed, done.said)
        else:
            # A command may fail for many reasons; only this one is the right one.
            refused = not done.allowed and "forbidden" in done.said.lower()
            self.teller.sure("refused", refused, done.said or "it worked")
