"""What a test did and therefore knows: tokens shown, revocations acknowledged, policies in force.

Versions are the cluster's: one that was read before something began, or after it was acknowledged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

GrantsOfGroups = Mapping[str, frozenset[str]]
"""What each group is given, as `Revision.grant` says it."""

FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Shown:
    """An ID token that was shown from version `since` on, whatever came of it."""

    account: str
    issued_at: int
    groups: frozenset[str]
    since: int


@dataclass(frozen=True, slots=True)
class Revoked:
    """From version `since` on tokens issued up to the second `issued_until` give nothing."""

    account: str
    issued_until: int
    since: int


@dataclass(slots=True)
class Barred:
    """Whom an administrator lets have nothing, whatever token is shown, between these versions."""

    account: str
    since: int
    until: int = FOREVER


@dataclass(slots=True)
class InForce:
    """A policy, from when it was begun to be put in force until all that it gave was seen to be gone."""

    grants: GrantsOfGroups
    since: int
    until: int = FOREVER


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what was answered (0: the connection ended) after how many seconds."""

    what: str
    status: int
    code: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Disturbed:
    """What is too much for the account (empty: for anybody) may begin between `since` and `begun_by`,
    if it is gone by `until`; in seconds since 1970.

    That is for what no program can keep from happening, but has to mend: a person's hand, two
    logins that race, a replica that was held up in the middle of a write.
    """

    account: str
    since: float
    begun_by: float
    until: float


@dataclass
class Ledger:
    """`superseded` are tokens older than one that was taken: as if revoked, but nothing has to go."""

    shown: list[Shown] = field(default_factory=list)
    revoked: list[Revoked] = field(default_factory=list)
    policies: list[InForce] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    superseded: list[Revoked] = field(default_factory=list)
    barred: list[Barred] = field(default_factory=list)
    disturbed: list[Disturbed] = field(default_factory=list)

    def excuses(self, account: str, earliest: float, latest: float, until: float) -> bool:
        """Whether what was too much for the account had a cause, and went in time.

        It began between two of these seconds: all that is known of when something was
        acknowledged is which revisions were before it, and which after. The third is its end.
        """
        return any(
            one.account in ("", account)
            and one.since <= latest
            and earliest <= one.begun_by
            and until <= one.until
            for one in self.disturbed
        )

    def allowed(self, account: str, version: int) -> frozenset[str]:
        """The most that the account may hold at this version."""
        if any(one.account == account and one.since <= version < one.until for one in self.barred):
            return frozenset()
        ends = [
            one.issued_until
            for one in (*self.revoked, *self.superseded)
            if one.account == account and one.since <= version
        ]
        groups = {
            group
            for one in self.shown
            if one.account == account and one.since <= version
            if one.issued_at > max(ends, default=-1)
            for group in one.groups
        }
        return frozenset(
            grant
            for policy in self.policies
            if policy.since <= version < policy.until
            for group in groups
            for grant in policy.grants.get(group, ())
        )

    def turns(self) -> list[tuple[int, str]]:
        """The versions at which less is allowed than before, each with the account (empty: everybody)."""
        return [
            *((one.since, one.account) for one in (*self.revoked, *self.superseded)),
            *((one.since, one.account) for one in self.barred),
            *((one.until, "") for one in self.policies if one.until != FOREVER),
        ]
