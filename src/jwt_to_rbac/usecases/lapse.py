"""Until when an account has access with nobody logging in: what the use cases that give or take it share."""

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.session import lapses_at
from jwt_to_rbac.ports import Cluster, LifetimesInForce

LAPSED = Denial(
    Code.ACCESS_LAPSED,
    "The last session of this person has ended, and they have not logged in since. Log in anew.",
)


def lapse_of(
    account: Account, cluster: Cluster, lifetimes: LifetimesInForce, login_at: float | None = None
) -> float:
    """When the account's access lapses, in seconds since 1970; `login_at` is a login not yet told."""
    seen = max(account.record.claims_issued_at, account.last_login or 0, login_at or 0)
    return lapses_at(seen, cluster.sessions_of(account), lifetimes().maximum)
