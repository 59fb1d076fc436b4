"""The scene of the crashes: a server that is killed and comes back, what it works on, and what is known of it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.names import identity_digest
from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import kubectl
from tests.support.configuration import pod_configuration, write
from tests.support.crashing import Crashing, Subject, crashing_api_server
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.oracle.ledger import InForce, Ledger, Shown
from tests.support.oracle.recorder import Recorder
from tests.support.release import Release, install_chart
from tests.support.server import Server
from tests.support.waiting import eventually

USERS = "jwt-to-rbac-users"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{USERS}/leases/jwt-to-rbac"
RULES = "crash-rules"
"""What the names of all the policy's own ClusterRoles begin with."""

PATIENCE = 30.0
"""Seconds within which all must be at rest again after a kill."""


def read(resource: str) -> list[dict[str, object]]:
    return [{"verbs": ["get", "list"], "apiGroups": [""], "resources": [resource]}]


def rule(group: str, role: str) -> dict[str, object]:
    return {"name": group, "groups": [group], "clusterRole": role}


STEADY = [
    rule("admins", "admin"),
    rule("viewers", "view"),
    {"name": f"{RULES}-developers", "groups": ["developers"], "rules": read("pods")},
]
OLD = [
    rule("movers", "edit"),
    {"name": f"{RULES}-changed", "groups": ["nobody"], "rules": read("pods")},
    {"name": f"{RULES}-dropped", "groups": ["nobody"], "rules": read("pods")},
]
NEW = [
    {"name": f"{RULES}-movers", "groups": ["movers"], "rules": read("services")},
    {"name": f"{RULES}-changed", "groups": ["nobody"], "rules": read("configmaps")},
]
BEFORE: dict[str, object] = {"rules": [*STEADY, *OLD]}
AFTER: dict[str, object] = {"rules": [*STEADY, *NEW]}
BOTH: dict[str, object] = {"rules": [*STEADY, *OLD, NEW[0]]}
"""The roles of both, as whoever changes a policy has the rights for them there before."""

ADMIN, VIEWER, DEVELOPER = "admin", "view", f"{RULES}-developers-from-jwt"
STEADY_GRANTS = {
    "admins": frozenset({f"{ADMIN}@cluster"}),
    "viewers": frozenset({f"{VIEWER}@cluster"}),
    "developers": frozenset({f"{DEVELOPER}@cluster"}),
}
MOVED = f"{RULES}-movers-from-jwt"
GRANTS = {
    "before": STEADY_GRANTS | {"movers": frozenset({"edit@cluster"})},
    "after": STEADY_GRANTS | {"movers": frozenset({f"{MOVED}@cluster"})},
}


UNDONE = ("settling_queue_depth", "unattended_queue_depth", "roles_not_kept")
"""Metrics that are 0 when nothing is left to be done."""


def account_of(name: str) -> str:
    return f"{name}-example-com"


@dataclass
class Stage:
    """`administrator` is a bearer token of somebody who may do all with people."""

    sandbox: Sandbox
    issuer: ManyPeople
    oracle: Recorder
    release: Release
    crashing: Crashing
    folder: Path
    administrator: str
    ledger: Ledger = field(default_factory=Ledger)
    policy: str = "before"
    _server: Server | None = None
    _running: ExitStack = field(default_factory=ExitStack)

    # --- the server --------------------------------------------------------------------

    @property
    def server(self) -> Server:
        assert self._server, "no server runs"
        return self._server

    @property
    def client(self) -> Client:
        return Client(self.server, self.folder / "audit.log")

    def start(self) -> None:
        """Start the server, as a restarted container does, and return when it leads."""
        files = {"config.yaml": json.dumps(self._configuration())}
        self._server = self._running.enter_context(
            replace(self.release, files=files).started(self.folder, self.crashing.kubeconfig)
        )
        assert eventually(self.leads, 20), self.server.said()

    def kill(self) -> None:
        self.server.process.kill()
        self.server.process.wait()
        self._running.close()

    def stop(self) -> None:
        self._running.close()

    def leads(self) -> bool:
        return self._gauge("leader") == 1

    def at_rest(self) -> bool:
        """Whether the server has nothing left to do, by what it knows."""
        return self.leads() and not any(self._gauge(name) for name in UNDONE)

    def rest(self) -> None:
        if not eventually(self.at_rest, PATIENCE):
            gauges = {name: self._gauge(name) for name in ("leader", *UNDONE)}
            stopped = {one.name: self.crashing.made.get(one) for one in self.crashing.held}
            raise AssertionError(f"not at rest: {gauges}, {stopped=}\n{self.server.said()}")

    def _gauge(self, name: str) -> float:
        page = self.client.call("GET", "/metrics").text
        line = next(one for one in page.splitlines() if one.startswith(f"jwt_to_rbac_{name} "))
        return float(line.split()[1])

    def free_the_lease(self) -> None:
        """As if the killed leader's time were over, which need not be waited for each time."""
        patch = json.dumps({"spec": {"holderIdentity": ""}})
        self.kubectl("patch", "lease", "jwt-to-rbac", "-n", USERS, "--type=merge", "-p", patch)

    # --- the policy --------------------------------------------------------------------

    def put(self, policy: str) -> None:
        """Have a policy in force, and return when the server has taken it up."""
        if policy == self.policy:
            return
        now = self.oracle.mark()
        self.ledger.policies.append(InForce(GRANTS[policy], now))
        self.policy = policy
        before = self._taken_up()
        write(self._configuration(), urlsplit(self.server.url).netloc, self.folder)
        assert eventually(lambda: self._taken_up() > before), self.server.said()

    def policy_is_done(self) -> None:
        """At rest: what earlier policies gave must be gone."""
        now = self.oracle.mark()
        for one in self.ledger.policies[:-1]:
            one.until = min(one.until, now)

    def _taken_up(self) -> int:
        return [one["event"] for one in self.client.audited()].count("configuration")

    def _configuration(self) -> dict[str, object]:
        return pod_configuration(
            self.folder / "audit.log",
            {self.issuer.url: AUDIENCE},
            {"before": BEFORE, "after": AFTER}[self.policy],
        )

    # --- people ------------------------------------------------------------------------

    def somebody(self, name: str) -> Subject:
        """Somebody as calls tell of them: by the account's name, or the digest of who they are."""
        identity = Identity(self.issuer.url, f"sub-{name}")
        return Subject(name, (identity_digest(identity),))

    def token(self, name: str, *groups: str, ago: int = 0) -> str:
        """An ID token, noted as shown."""
        issued = self.issuer.now() - ago
        shown = Shown(account_of(name), issued, frozenset(groups), self.oracle.mark())
        self.ledger.shown.append(shown)
        return self.issuer.token(name, iat=issued, groups=list(groups))

    def bindings(self) -> dict[str, set[str]]:
        """What each account holds, as `Revision.grant` says it: all that the oracle has heard of."""
        found: dict[str, set[str]] = {}
        for one in self.oracle.there().values():
            for subject in one.subjects:
                found.setdefault(subject.name, set()).add(one.grant.removesuffix("@cluster"))
        return found

    def roles(self, name: str) -> set[str]:
        return self.bindings().get(account_of(name), set())

    def sessions(self, name: str) -> list[str]:
        known = [key for key in self.oracle.there() if key[:2] == ("Secret", USERS)]
        return [key[2] for key in known if key[2].startswith(f"{account_of(name)}-token-")]

    def there(self, kind: str, name: str, namespace: str = "") -> bool:
        """Whether there is such an object."""
        return (kind, namespace, name) in self.oracle.there()

    def ready(self, name: str) -> str:
        """The reason of the condition Ready."""
        where = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}'
        return self.kubectl("get", "accessgrant", account_of(name), "-o", where)

    def kubectl(self, *arguments: str) -> str:
        return kubectl(self.sandbox, *arguments)


@contextmanager
def staged(
    sandbox: Sandbox, issuer: ManyPeople, oracle: Recorder, folder: Path, seed: int, admin: str
) -> Iterator[Stage]:
    (folder / "audit.log").touch()
    config = pod_configuration(folder / "audit.log", {issuer.url: AUDIENCE}, BOTH)
    release = install_chart(sandbox, config, folder, "crashing", admission={"enabled": False})
    with crashing_api_server(release.credential(folder), folder, seed) as crashing:
        stage = Stage(sandbox, issuer, oracle, release, crashing, folder, admin)
        stage.ledger.policies.append(InForce(GRANTS["before"], oracle.mark()))
        stage.start()
        try:
            yield stage
        finally:
            crashing.release()
            stage.stop()
