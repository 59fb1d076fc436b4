"""Makes the cluster hold exactly what a record's plan says. Decides nothing; see `core.plan`.

The order is the promise: revocations first, bindings last, so that work cut off at any call
leaves less access than the plan, never more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import cast

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.difference import difference
from jwt_to_rbac.core.errors import Code, Conflict, Denial, JwtToRbacError
from jwt_to_rbac.core.names import hashed_account_name, readable_account_name
from jwt_to_rbac.core.plan import AccessPlan
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.core.record import Record, is_revoked
from jwt_to_rbac.ports import Cluster, NameTaken
from jwt_to_rbac.usecases.keep_roles import make_ready


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be made true: the record to write, and the access that follows from it.

    Whoever is `refused` is to have no ServiceAccount either, so that every token of it dies.
    """

    record: Record
    access: AccessPlan
    refused: Denial | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """What else is made for a new account, at no round trip of its own: `first` beside its
    ServiceAccount, `then` beside its bindings. Neither may be access, and what `then` made is
    worth nothing unless the login succeeds.
    """

    first: Callable[[Account], Awaitable[object]]
    then: Callable[[Account], Awaitable[object]]


async def reconcile(
    cluster: Cluster,
    account: Account | None,
    decision: Decision,
    policy: Policy,
    beside: Beside | None = None,
) -> Account:
    """Apply `decision` to the cluster; a call for each difference and none without.

    Raises Conflict if somebody else changed the same things meanwhile (decide again on what
    is there then), Outage, or JwtToRbacError for what a person must mend. Whether the record
    is still the newest when the last binding is made is for `settle` to see.
    """
    if account is not None:
        beside = None
    else:
        account = await _claimed(cluster, decision.record, beside)
    changes = difference(decision.access.wanted(), account.held)
    await together(cluster.unbind(account, held) for held in changes.revoke)
    if account.record != decision.record:
        account = await cluster.write_record(account, decision.record)
    if decision.refused is not None and account.service_account_uid:
        account = await cluster.remove_service_account(account)
    if not decision.access.grants:
        return account
    own_roles = {grant.cluster_role for grant in changes.bind} & policy.own_roles().keys()
    await together(make_ready(cluster, policy, name) for name in sorted(own_roles))
    made, *_ = await together(
        [
            cluster.ensure_service_account(account),
            *(cluster.bind(account, grant) for grant in changes.bind),
            *([] if beside is None else [beside.then(account)]),
        ]
    )
    return cast(Account, made)


async def take_away(cluster: Cluster, account: Account, decision: Decision) -> None:
    """The first half of `reconcile`, for an account whose record stays: revocations alone.

    Raises as that does.
    """
    changes = difference(decision.access.wanted(), account.held)
    await together(cluster.unbind(account, held) for held in changes.revoke)
    if decision.refused is not None and account.service_account_uid:
        await cluster.remove_service_account(account)


def in_place(account: Account, decision: Decision) -> bool:
    """Whether the cluster already holds the decision, as far as the watch cache shows."""
    if decision.refused is not None:
        account_right = not account.service_account_uid
    else:
        account_right = bool(account.service_account_uid) or not decision.access.grants
    return (
        account_right
        and account.record == decision.record
        and not difference(decision.access.wanted(), account.held)
    )


async def _claimed(cluster: Cluster, record: Record, beside: Beside | None) -> Account:
    """A new account, unless the person was revoked meanwhile.

    A revocation is remembered before its AccessGrant is deleted, and only after that could
    this one be made: so it is seen here, whichever replica it was asked of.
    """
    claimed = await claim(cluster, record)
    account, revoked, *_ = await together(
        [
            cluster.ensure_service_account(claimed),
            cluster.read_revocation(record.person.identity),
            *([] if beside is None else [beside.first(claimed)]),
        ]
    )
    if is_revoked(record.claims_issued_at, record, cast(int | None, revoked)):
        await cluster.remove(cast(Account, account))
        raise Conflict(Code.BUSY, f"{claimed.name} was revoked just now.")
    return cast(Account, account)


async def claim(cluster: Cluster, record: Record) -> Account:
    """The account of somebody who has none: the readable name, or the hashed one if it is taken.

    Raises Conflict, or JwtToRbacError (name_taken) if others hold both.
    """
    for named in (readable_account_name, hashed_account_name):
        name = named(record.person)
        claimed = await cluster.claim(name, record)
        if isinstance(claimed, NameTaken):
            continue
        if claimed.record != record:
            # Another replica was first, perhaps with a newer token: what was decided without
            # knowing of it must be decided again.
            raise Conflict(Code.BUSY, f"AccessGrant {name} was made by another replica just now.")
        return claimed
    raise JwtToRbacError(
        Code.NAME_TAKEN,
        f"Both names for this person are held by others: the last one tried was {name}.",
    )


async def together(calls: Iterable[Awaitable[object]]) -> list[object]:
    """Make calls side by side; all end before the first error is raised.

    Ending all of them (rather than cancelling, as a TaskGroup does) keeps it known what
    was done: a cancelled call may still take effect on the server.
    """
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
