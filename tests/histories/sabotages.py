"""Ways to break the program on purpose, in its own process: each a promise that it keeps no more.

`python -m tests.histories.sabotages NAME serve …` is the program, broken so. Whether histories notice
each of them is asked by `noticing`.

A former leader that doesn't ask whether it still leads is none of them: when it wakes up it has a few
turns of its loop before it sees that its time is over, and whoever leads then mends what it did. It
takes work that comes in those turns to show it, which is for `tests/e2e/test_leadership.py`.
"""

import asyncio
import sys
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

from jwt_to_rbac.audit.trail import AuditTrail
from jwt_to_rbac.cli.entry import main
from jwt_to_rbac.controllers.session_ends import SessionEnds
from jwt_to_rbac.controllers.unattended import Unattended
from jwt_to_rbac.core import record
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.cluster import KubeCluster
from jwt_to_rbac.kube.revocations import Revocations
from jwt_to_rbac.usecases import issue_token, lapse, log_in, settle
from jwt_to_rbac.usecases.revoke import Revoke

Some = Any
"""A value of the program's; of which type is for the program to know."""


def _put(place: object, name: str, new: Callable[..., Some]) -> None:
    """`new` in the place of the function `name`, and with that one before its arguments."""
    setattr(place, name, partial(new, getattr(place, name)))


def _method(place: type, name: str, new: Callable[..., Some]) -> None:
    real = getattr(place, name)
    setattr(place, name, lambda self, *rest, **more: new(partial(real, self), self, *rest, **more))


async def _nothing(*_: Some, **__: Some) -> None:
    """Done, it says."""


def _without(cluster: Some, *methods: str) -> Some:
    """The cluster, on which these do nothing."""
    idle = copy(cluster)
    for one in methods:
        setattr(idle, one, _nothing)
    return idle


def a_login_leaves_what_was_lost() -> None:
    _put(log_in, "reconcile", lambda real, cluster, *r: real(_without(cluster, "unbind"), *r))


def an_older_token_is_believed() -> None:
    def advance(real: Some, known: Some, *rest: Some) -> Some:
        return real(known and replace(known, claims_issued_at=0), *rest)

    _put(log_in, "advance", advance)


def the_leader_takes_nothing() -> None:
    takes = ("unbind", "remove_service_account")
    _put(settle, "reconcile", lambda real, cluster, *r: real(_without(cluster, *takes), *r))
    _put(settle, "_excessive", lambda *_: False)


def the_leader_gives_nothing() -> None:
    _put(settle, "in_place", lambda *_: True)


def the_status_is_not_told() -> None:
    _method(KubeCluster, "report", _nothing)


def a_changed_policy_is_for_logins_only() -> None:
    _method(Unattended, "look_at_everybody", lambda *_: None)


def changed_namespaces_are_not_followed() -> None:
    _method(Unattended, "namespaces_changed", lambda *_: None)


def what_a_hand_changed_stays() -> None:
    _method(Unattended, "owned_changed", lambda *_: None)


def a_suspension_is_not_heeded() -> None:
    _put(record, "_barred", lambda *_: None)


def a_revocation_is_forgotten() -> None:
    _method(Revocations, "write", _nothing)


def a_deletion_by_hand_is_forgotten() -> None:
    _method(Unattended, "_remember", _nothing)


def a_revocation_is_left_to_the_garbage_collector() -> None:
    def one(_: Some, revoke: Revoke, *rest: Some) -> Some:
        return real(replace(revoke, cluster=_without(revoke.cluster, "unbind")), *rest)

    real: Some = Revoke._one
    _method(Revoke, "_one", one)
    # Else the leader takes it, before anybody can look.
    _method(KubeCluster, "take_leftovers", _nothing)


def sessions_do_not_end() -> None:
    _method(SessionEnds, "_end", _nothing)


def access_does_not_lapse() -> None:
    for module in (lapse, settle, log_in, issue_token):
        _put(module, "has_lapsed", lambda *_: False)


def tokens_are_not_recorded() -> None:
    def recorded(real: Some, _: AuditTrail, event: str, **facts: Some) -> Some:
        return _nothing() if event == "token" else real(event, **facts)

    _method(AuditTrail, "record", recorded)


def records_are_written_afterwards() -> None:
    async def later(real: Some) -> None:
        await asyncio.sleep(1)
        await real()

    async def recorded(real: Some, _: AuditTrail, event: str, **facts: Some) -> None:
        written = asyncio.ensure_future(later(partial(real, event, **facts)))
        written.add_done_callback(pending.discard)
        pending.add(written)

    pending = set[asyncio.Future[None]]()
    _method(AuditTrail, "record", recorded)


def what_strangers_bound_is_deleted() -> None:
    async def look_after(real: Some, controller: Some, name: str, *rest: Some) -> None:
        cluster = controller._cluster
        account = cluster.account_named(name)
        for one in account.foreign if account else ():
            path = f"{paths.CLUSTER_ROLE_BINDINGS}/{one.rpartition('/')[2]}"
            await cluster._session.call("DELETE", path, also=(404,))
        await real(name, *rest)

    _method(Unattended, "_look_after", look_after)


SABOTAGES: dict[str, Callable[[], None]] = {
    one.__name__: one
    for one in (
        a_login_leaves_what_was_lost,
        an_older_token_is_believed,
        the_leader_takes_nothing,
        the_leader_gives_nothing,
        the_status_is_not_told,
        a_changed_policy_is_for_logins_only,
        changed_namespaces_are_not_followed,
        what_a_hand_changed_stays,
        a_suspension_is_not_heeded,
        a_revocation_is_forgotten,
        a_deletion_by_hand_is_forgotten,
        a_revocation_is_left_to_the_garbage_collector,
        sessions_do_not_end,
        access_does_not_lapse,
        tokens_are_not_recorded,
        records_are_written_afterwards,
        what_strangers_bound_is_deleted,
    )
}

if __name__ == "__main__":
    SABOTAGES[sys.argv.pop(1)]()
    main()
