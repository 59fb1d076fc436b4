"""What a leader does unattended, and how one comes to lead."""

import asyncio
import socket
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace

from jwt_to_rbac.audit.guarded import GuardedAudit
from jwt_to_rbac.controllers.keeping_roles import KeepingRoles
from jwt_to_rbac.controllers.leadership import Leadership
from jwt_to_rbac.controllers.session_ends import SessionEnds
from jwt_to_rbac.controllers.standing import Standing
from jwt_to_rbac.controllers.unattended import Unattended
from jwt_to_rbac.kube.lease import KubeLease
from jwt_to_rbac.usecases.keep_roles import KeepRoles
from jwt_to_rbac.usecases.keep_standing import KeepStanding
from jwt_to_rbac.usecases.sessions import Sessions
from jwt_to_rbac.wiring.parts import Parts


@dataclass(frozen=True, slots=True)
class Leading:
    """`run` competes for the lead, and acts while this process has it.

    `follow` has all of it look at once: what everything follows from has changed. `state` tells
    how far that is, for people.
    """

    run: Callable[[], Coroutine[None, None, None]]
    follow: Callable[[], None]
    state: Callable[[], dict[str, object]]


def leading(parts: Parts) -> Leading:
    """The controllers. They write only while this process leads."""
    cluster, policy = parts.cluster, parts.current.policy
    log, metrics = parts.log, parts.metrics
    lease = KubeLease(parts.session, cluster.namespace, time.time)
    leadership = Leadership(lease, f"{socket.gethostname()}_{uuid.uuid4().hex}", log)
    metrics.gauge(
        "leader", "1 while this replica runs the controllers, else 0", leadership.still_leading
    )

    guarded = cluster.behind(leadership.guard)
    audit = GuardedAudit(parts.audit, leadership.guard)
    settle = replace(parts.settle(guarded), audit=audit)
    unattended = Unattended(guarded, settle, log, time.time)
    session_ends = SessionEnds(
        guarded, Sessions(parts.callers, guarded, audit, time.time).expire, log, time.time
    )
    cluster.listeners.append(unattended)
    cluster.session_listeners += [unattended, session_ends]
    standing = Standing(KeepStanding(guarded, policy, audit), log)
    keeping_roles = KeepingRoles(KeepRoles(guarded, policy, audit), log)
    metrics.gauge(
        "unattended_queue_depth",
        "Accounts that the controllers are about to look at",
        lambda: unattended.depth,
    )
    metrics.gauge(
        "unattended_taking",
        "Of how many of those something is to be taken, which goes first",
        lambda: unattended.taking,
    )
    metrics.gauge(
        "roles_not_kept",
        "ClusterRoles that are not as the policy says, and can't be made so",
        lambda: keeping_roles.failing,
    )

    async def term() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(unattended.term())
            tasks.create_task(session_ends.term())
            tasks.create_task(standing.term())
            tasks.create_task(keeping_roles.term())

    async def run() -> None:
        await cluster.synced()
        await leadership.run(term)

    def follow() -> None:
        unattended.look_at_everybody()
        standing.look_now()
        keeping_roles.look_now()

    return Leading(run, follow, unattended.state)
