"""The program with ten thousand people in its caches, as a process: `python -m …many CONFIG`.

Real types in the real stores, put there as its watches put them; the API server, which answers all
else, knows none of these people. Served by the program's own listener.
"""

import asyncio
import gc
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from jwt_to_rbac.cli.serve import GC_THRESHOLDS
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.names import readable_account_name
from jwt_to_rbac.kube.cluster import KubeCluster
from jwt_to_rbac.kube.marks import KIND, LABELS
from jwt_to_rbac.kube.sessions import DEVICE, EXPIRES, RENEWED, TYPE
from jwt_to_rbac.kube.types import (
    AccessGrant,
    AccessGrantMeta,
    AccessGrantSpec,
    AccessGrantStatus,
    Binding,
    GrantSubject,
    Meta,
    OwnerReference,
    RoleRef,
    Secret,
    SecretMeta,
    ServiceAccount,
    Subject,
    ToldCondition,
)
from jwt_to_rbac.listener import Listener, listen
from jwt_to_rbac.logs import Stderr, make_log
from jwt_to_rbac.settings.load import load
from jwt_to_rbac.wiring.service import service

PEOPLE = 10_000
TEAMS = 200
ISSUER = "https://issuer.example.com"


def team_rules() -> list[dict[str, object]]:
    """A policy of a company: everybody may look, each team changes its own namespace."""
    everybody: dict[str, object] = {
        "name": "everybody",
        "groups": ["everybody"],
        "clusterRole": "view",
    }
    teams: list[dict[str, object]] = [
        {"name": f"team-{n}", "groups": [f"team-{n}"], "clusterRole": f"edit-{n}"}
        for n in range(TEAMS)
    ]
    return [everybody, *teams]


def fill(cluster: KubeCluster, issuer: str) -> None:
    """Ten thousand people: one in 50 is suspended, another has drifted, a third has sessions."""
    accounts, sessions, now = cluster._accounts, cluster._sessions, datetime.now(UTC)
    for number in range(PEOPLE):
        username, team = f"person.{number:05}@example.com", f"team-{number % TEAMS}"
        groups = ("everybody", team, *(f"list-{number % 97}-{n}" for n in range(6)))
        person = Person(Identity(issuer, f"sub-{number}"), username, username, groups)
        name, uid = readable_account_name(person), f"uid-{number}"
        owner = (OwnerReference(KIND, name, uid),)
        suspended, drifted = number % 50 == 0, number % 50 == 1
        subject = GrantSubject(issuer, f"sub-{number}", username, username, groups, "ldap")
        ready = ("False", "Suspended") if suspended else ("True", "Applied")
        told = ToldCondition("Ready", *ready, "The cluster holds what the policy says.", 1, now)
        login = now - timedelta(minutes=number % 600)
        accounts.grants.put(
            AccessGrant(
                AccessGrantMeta(name, uid, "1", generation=1, labels=LABELS),
                AccessGrantSpec(subject, login, suspended=suspended),
                AccessGrantStatus(1, login, conditions=(told,)),
            )
        )
        if suspended:
            continue
        home = cluster.namespace
        account = Meta(name, f"sa-{uid}", "1", home, labels=LABELS, owner_references=owner)
        accounts.service_accounts.put(ServiceAccount(account))
        for role in ("view",) if drifted else ("view", f"edit-{number % TEAMS}"):
            meta = Meta(f"{name}-{role}", f"{role}-{uid}", "1", "", 0, LABELS, owner)
            whom = (Subject("ServiceAccount", name, home),)
            accounts.bindings.put(Binding(meta, RoleRef("ClusterRole", role), whom))
        for device in range(2 if number % 3 == 0 else 0):
            _begin(sessions, f"{name}-token-{device}", home, owner, login, now)


def _begin(
    sessions: object,
    name: str,
    home: str,
    owner: tuple[OwnerReference, ...],
    login: datetime,
    now: datetime,
) -> None:
    told = {DEVICE: "a laptop", RENEWED: login.isoformat()}
    told[EXPIRES] = (now + timedelta(hours=8)).isoformat()
    meta = SecretMeta(
        name, f"uid-{name}", "1", home, 0, LABELS, owner, annotations=told, creation_timestamp=login
    )
    sessions._store.put(Secret(meta, TYPE))  # type: ignore[attr-defined]


async def serve(config: Path, issuer: str) -> None:
    loaded = load(config, {}, ())
    log = make_log("warning", "json", False, Stderr())
    async with service(loaded, lambda same: same, log, controllers=False) as running:
        await running.cluster.synced()
        fill(running.cluster, issuer)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        own = loaded.settings.listen
        await listen([Listener(running.app, own.host, own.port)], log)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1]), sys.argv[2]))
