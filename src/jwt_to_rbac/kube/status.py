"""An AccessGrant's status: what is told of a record and its plan, beside what was told before."""

from datetime import UTC, datetime

from msgspec.structs import replace

from jwt_to_rbac.core.conditions import Condition
from jwt_to_rbac.core.plan import AccessPlan
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.kube.types import AccessGrantStatus, ToldCondition, ToldFailure, ToldGrant

LONGEST = 32768
"""Characters of a condition's message: what metav1.Condition allows."""


def status(
    record: Record,
    access: AccessPlan,
    conditions: tuple[Condition, ...],
    generation: int,
    before: AccessGrantStatus,
    now: float,
    login_at: float | None,
) -> AccessGrantStatus:
    """The status that tells of a spec's `generation`; equal to `before` if nothing is new.

    `login_at` of None leaves the last login as it was.
    `groups` and `roles` are joined for kubectl's columns, which can't join a list.
    """
    roles = dict.fromkeys(planned.grant.cluster_role for planned in access.grants)
    return AccessGrantStatus(
        generation,
        before.last_login if login_at is None else _moment(login_at),
        tuple(
            ToldGrant(
                planned.grant.cluster_role, planned.grant.namespace or "cluster", planned.rule
            )
            for planned in access.grants
        ),
        ",".join(record.person.groups),
        ",".join(roles),
        access.unmatched_groups,
        tuple(ToldFailure(failed.rule, failed.reason) for failed in access.failed_rules),
        tuple(_condition(one, generation, before, now) for one in conditions),
    )


def with_login(before: AccessGrantStatus, login_at: float) -> AccessGrantStatus:
    """The same with another last login."""
    return replace(before, last_login=_moment(login_at))


def _condition(
    one: Condition, generation: int, before: AccessGrantStatus, now: float
) -> ToldCondition:
    # The time is that of the last change of the truth, whatever else is told of it.
    since = next(
        (
            old.last_transition_time
            for old in before.conditions
            if (old.type, old.status) == (one.type, one.status)
        ),
        _moment(now),
    )
    return ToldCondition(one.type, one.status, one.reason, one.message[:LONGEST], generation, since)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
