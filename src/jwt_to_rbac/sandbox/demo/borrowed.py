"""A cluster that isn't the sandbox's: the kubectl context in use, asked for, and given back clean."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.sandbox.demo.kubectl import Kubectl
from jwt_to_rbac.sandbox.demo.opening import RUN_LABEL
from jwt_to_rbac.sandbox.demo.stage import ACCOUNTS, OURS
from jwt_to_rbac.sandbox.demo.telling import Teller, Wrong

_CRD = "customresourcedefinition/accessgrants.jwt-to-rbac.io"
_NAMESPACE = f"namespace/{ACCOUNTS[1]}"
_ROLE = "clusterrole/developers-from-jwt"
_KINDS = "clusterrolebindings,rolebindings,clusterroles,serviceaccounts"
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Borrowed:
    """The context, and a copy of its kubeconfig: a switch of context meanwhile changes nothing."""

    context: str
    server: str
    kubeconfig: str

    @classmethod
    def in_use(cls, kubectl: Path) -> "Borrowed":
        """The context that kubectl uses by itself. Raises Wrong if there is none."""
        command = [str(kubectl), "config", "view", "--raw", "--minify", "--flatten", "-o", "json"]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            raise Wrong(f"kubectl has no context in use: {run.stderr.strip()}")
        view = json.loads(run.stdout)
        return cls(view["current-context"], view["clusters"][0]["cluster"]["server"], run.stdout)

    def may_be_used(self, teller: Teller, ask: Callable[[str], str]) -> bool:
        """Tell what would happen there, and ask. Only the context's name or `yes` is a yes."""
        teller.say("This runs on the cluster that kubectl uses at the moment:")
        teller.terminal.pairs({"context": self.context, "server": self.server})
        teller.say(
            f"It makes there: the kind AccessGrant (a CRD), the namespace {ACCOUNTS[1]}, a "
            f"ClusterRole, ServiceAccounts and bindings for jane and john. All of it is removed "
            f"at the end, also after a failure or Ctrl-C. Nothing that is there already is touched."
        )
        answer = ask(f"    Type yes or {self.context} to go on: ").strip()
        return answer.lower() == "yes" or answer == self.context

    def must_be_free(self, admin: Kubectl) -> None:
        """Raise Wrong if anything is there that could be mistaken for the demo's own.

        What somebody else's installation made is not to be mixed with, let alone removed.
        """
        taken = admin.names(_CRD, _NAMESPACE, _ROLE)
        taken += admin.names(_KINDS, "--all-namespaces", *OURS)
        if taken:
            raise Wrong(
                f"there is something of jwt-to-rbac on {self.context} already, and the demo "
                f"leaves it alone: {', '.join(dict.fromkeys(taken))}. Use another cluster, or "
                f"remove these first if nobody needs them."
            )

    @contextmanager
    def given_back(self, admin: Kubectl, run: str, teller: Teller) -> Iterator[None]:
        """Remove everything that was made within the block, however the block ends."""
        try:
            yield
        finally:
            with _undisturbed():
                self._clean(admin, run, teller)

    def _clean(self, admin: Kubectl, run: str, teller: Teller) -> None:
        ours = ("-l", f"{RUN_LABEL}={run}")
        labelled = (*OURS, "--ignore-not-found")
        commands = [
            # Bindings first: they are what gives access.
            ("delete", "clusterrolebindings", *labelled),
            ("delete", "rolebindings", "--all-namespaces", *labelled),
            ("delete", "clusterroles", *labelled),
            # With the kind go all AccessGrants, with the namespace all accounts.
            ("delete", "customresourcedefinitions", *ours, "--timeout=60s"),
            ("delete", "namespaces", *ours, "--timeout=60s"),
        ]
        trouble = []
        for command in commands:
            done = admin.ask(*command)
            if not done.allowed:
                trouble.append(f"kubectl {' '.join(command)}\n{done.said}")
        with teller.step(f"What was made on {self.context} is removed"):
            teller.sure("all deletions worked", not trouble, "\n".join(trouble))
            left = admin.names(_CRD, _NAMESPACE, _ROLE)
            left += admin.names(_KINDS, "--all-namespaces", *OURS)
            teller.sure("nothing of it is left", not left, ", ".join(left))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No signal to end is heeded within the block, which is short: half a removal is none."""
    before = {ending: signal.signal(ending, signal.SIG_IGN) for ending in _ENDINGS}
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)
