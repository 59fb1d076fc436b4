"""Until when an account has access with nobody logging in: what the use cases that give or take it share."""

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.session import lapses_at
from jwt_to_rbac.ports import Cluster, LifetimesInForce

LAPSED = Denial(
    Code.ACCESS_LAPSED,
    "The last session of this person has ended, and they have not logged in since. Log in anew.",
)


def lapse_of(account: Account, cluster: Cluster, lifetimes: LifetimesInForce) -> float:
    """When the account's access lapses, in seconds since 1970."""
    return lapses_at(_seen(account), cluster.sessions_of(account), lifetimes().maximum)


def has_lapsed(
    account: Account,
    cluster: Cluster,
    lifetimes: LifetimesInForce,
    now: float,
    login_at: float | None = None,
) -> bool:
    """Whether it has by `now`; `login_at` is a login not yet told.

    Sessions are looked at only where the last login alone doesn't answer it.
    """
    seen, unused = max(_seen(account), login_at or 0), lifetimes().maximum
    return now >= seen + unused and now >= lapses_at(seen, cluster.sessions_of(account), unused)


def _seen(account: Account) -> float:
    # A first login is told of after it has ended, and perhaps never if the process is killed. Whoever
    # leads hears of the AccessGrant before, and must not take at once what an old ID token gives.
    came = account.created if account.last_login is None else account.last_login
    return max(account.record.claims_issued_at, came)
