"""A policy change applied to everybody, beside the same writes by a bare client.

The change replaces one role of everybody by another: for each person a binding is deleted, one is
made, and the AccessGrant's status says so. The bare client makes it while the product is stopped, and
the product makes the reverse.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from bench.scale.crowd import Crowd, each
from bench.scale.process import metrics, writes
from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.conditions import Findings, conditions
from jwt_to_rbac.core.difference import HeldGrant, difference
from jwt_to_rbac.core.plan import plan
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.kube import manifest, paths
from jwt_to_rbac.kube.connections import Connections
from jwt_to_rbac.kube.session import JSON, KubeSession, load_configuration
from jwt_to_rbac.kube.status import status

DEPTH, TAKING = "jwt_to_rbac_unattended_queue_depth", "jwt_to_rbac_unattended_taking"
LEADS = "jwt_to_rbac_leader"

Call = tuple[str, str, object, str]
"""Method, path, body, content type."""


def in_line(crowd: Crowd, account: Account, policy: Policy) -> bool:
    """Whether the account holds exactly what `policy` says, and its AccessGrant says so."""
    access = plan(account.record.person, policy, crowd.cluster.namespaces())
    reported = crowd.cluster.is_reported(account, access, conditions(access, Findings()))
    return reported and not difference(access.wanted(), account.held)


def fewest_writes(crowd: Crowd, policy: Policy) -> list[list[Call]]:
    """What brings each account in line with `policy`."""
    return [_writes(crowd, account, policy) for account in crowd.accounts()]


async def by_a_bare_client(kubeconfig: Path, writes: list[list[Call]], in_flight: int) -> float:
    """Make these writes, one account's after each other; in seconds."""
    session = KubeSession(await load_configuration(str(kubeconfig)))

    async def write(calls: list[Call]) -> None:
        for method, path, body, content_type in calls:
            await session.call(method, path, body, content_type=content_type)

    began = time.perf_counter()
    try:
        await each(writes, write, in_flight)
        return time.perf_counter() - began
    finally:
        await session.close()


def _writes(crowd: Crowd, account: Account, policy: Policy) -> list[Call]:
    access = plan(account.record.person, policy, crowd.cluster.namespaces())
    changes = difference(access.wanted(), account.held)
    grant = crowd.cluster._accounts.grants.get(account.name)
    assert grant is not None
    told = conditions(access, Findings())
    new = status(
        account.record, access, told, grant.metadata.generation, grant.status, time.time(), None
    )
    return [
        *(
            (
                "DELETE",
                f"{paths.bindings(held.grant.namespace)}/{held.name}",
                _deletion(crowd, held),
                JSON,
            )
            for held in changes.revoke
        ),
        *(
            (
                "POST",
                paths.bindings(grant.namespace),
                manifest.binding(account, grant, crowd.cluster.namespace),
                JSON,
            )
            for grant in changes.bind
        ),
        (
            "PUT",
            f"{paths.grant(account.name)}/status",
            manifest.access_grant_status(account, new),
            JSON,
        ),
    ]


def _deletion(crowd: Crowd, held: HeldGrant) -> dict[str, object]:
    """As the product asks for it: this very object, by its uid."""
    seen = crowd.cluster._bindings.seen(held)
    assert seen is not None
    return {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": {"uid": seen.metadata.uid},
    }


@dataclass(frozen=True)
class Applied:
    """Seconds from the change of the file: nobody held any more what was lost; all was done and told.

    `writes` is how many were made for it, Events too. `depths` are how many accounts waited, whenever
    that was looked at.
    """

    lost: float
    done: float
    writes: float
    depths: tuple[float, ...]


async def by_the_product(http: Connections, file: Path, text: str) -> Applied:
    """Change the running product's configuration to `text`, and wait until all follows from it."""
    began, lost, depths = time.perf_counter(), 0.0, list[float]()
    before = writes(await metrics(http))
    await asyncio.to_thread(file.write_text, text)
    while True:
        now = await metrics(http)
        seconds = time.perf_counter() - began
        depths.append(now[DEPTH])
        if any(depths) and not lost and not now[TAKING]:
            lost = seconds
        # On a machine that is too busy the lead may be lost meanwhile, and all of it begins anew.
        if lost and not now[DEPTH] and now[LEADS]:
            return Applied(lost, seconds, writes(now) - before, tuple(depths))
        # To look costs the product something, to look late costs it the time until then.
        left = seconds * now[DEPTH] / max(max(depths) - now[DEPTH], 1)
        await asyncio.sleep(min(max(left / 4, 0.05), 0.05 + seconds / 20))
