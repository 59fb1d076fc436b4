"""What is remembered about a person, and how a new token changes it. No cluster objects: see `kube`.

The order of tokens is their `iat`: an older token may renew a credential, but never changes
access, or a replayed token would bring back a group that the person has lost.
"""

from dataclasses import dataclass, replace

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Person, ProvenPerson


@dataclass(frozen=True, slots=True)
class Record:
    """The spec of an AccessGrant. Times are whole seconds since 1970, as in a token."""

    person: Person
    claims_issued_at: int
    not_before: int | None = None
    suspended: bool = False
    expires_at: int | None = None


REVOKED = Denial(
    Code.TOKEN_REVOKED,
    "This token was issued before this person's access was last revoked. Log in anew.",
)


REMEMBERED = 30 * 24 * 3600
"""Seconds for which revocations are remembered without an AccessGrant. An ID token that is older
is refused, or it could outlive the memory of its revocation. Issuers give them minutes to a day."""

TOO_OLD = Denial(
    Code.TOKEN_EXPIRED,
    "This token was issued more than 30 days ago, which is too long for it to be believed. "
    "Log in anew.",
)


def is_revoked(issued_at: int, record: Record | None, revoked: int | None) -> bool:
    """Whether an ID token of this `iat` was issued before a revocation.

    `revoked` is the first second whose tokens are good again after the last revocation, if one
    is remembered beside the record.
    """
    return issued_at < max((record and record.not_before) or 0, revoked or 0)


def good_again_from(record: Record, now: float) -> int:
    """The first second whose ID tokens are good again if the person is revoked at `now`.

    Never sooner than an administrator had said already: deleting somebody must not let tokens
    in that were refused before it.
    """
    return max(int(now) + 1, record.claims_issued_at + 1, record.not_before or 0)


def advance(
    record: Record | None, proven: ProvenPerson, now: float, revoked: int | None = None
) -> Record | Denial:
    """The record after this token, or why the token is refused.

    For `revoked` see `is_revoked`. Two tokens of one second can't be put in order: what both
    grant is what remains. Raises ValueError if record and token are not of one identity.
    """
    if record is not None and record.person.identity != proven.person.identity:
        raise ValueError("a record advances only by a token of its own identity")
    barred = None if record is None else _barred(record, now)
    if barred is not None:
        return barred
    if is_revoked(proven.issued_at, record, revoked):
        return REVOKED
    if now - proven.issued_at > REMEMBERED:
        return TOO_OLD
    if record is None:
        return Record(proven.person, proven.issued_at)
    if proven.issued_at > record.claims_issued_at:
        return replace(record, person=proven.person, claims_issued_at=proven.issued_at)
    same_second = proven.issued_at == record.claims_issued_at
    if same_second and proven.person.groups != record.person.groups:
        granted_by_both = set(record.person.groups) & set(proven.person.groups)
        return replace(record, person=replace(record.person, groups=tuple(sorted(granted_by_both))))
    return record


def refusal(record: Record, now: float, revoked: int | None = None) -> Denial | None:
    """Why this person gets nothing at all now, by what is remembered; None if they may.

    Whoever is revoked gets nothing until a token comes that was issued later.
    """
    barred = _barred(record, now)
    if barred is None and is_revoked(record.claims_issued_at, record, revoked):
        return REVOKED
    return barred


def _barred(record: Record, now: float) -> Denial | None:
    """What stands against the person whatever token they show."""
    if record.suspended:
        return Denial(Code.SUSPENDED, "This person's access is suspended by an administrator.")
    if record.expires_at is not None and now >= record.expires_at:
        return Denial(Code.ACCESS_EXPIRED, "This person's access has ended. Ask for a new term.")
    return None
