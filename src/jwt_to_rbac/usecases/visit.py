"""Visits: what is left of a login with a browser until its cookie ends. The cookie itself is `web`'s.

A visit proves who somebody is, and nothing of what they may do: that is asked of the AccessGrant
each time, so that a suspension or a revocation holds for visits as for tokens.
"""

from dataclasses import dataclass

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.record import REVOKED, is_revoked, refusal
from jwt_to_rbac.ports import Clock, Cluster
from jwt_to_rbac.usecases.callers import Visitor

ACCOUNT_GONE = Denial(
    Code.TOKEN_REVOKED, "Your account was removed after you logged in here. Log in again."
)


@dataclass(frozen=True, slots=True)
class Visit:
    """The use case with all that it needs."""

    cluster: Cluster
    clock: Clock

    async def __call__(self, visitor: Visitor, name: str) -> Account | Denial:
        """The account of a visitor, or why the visit is over or refused.

        `name` was the account's at the login, which may have been another replica's a moment
        ago: what isn't known yet is read past the cache. Raises Outage.
        """
        self.cluster.must_be_current()
        account = self.cluster.account_of(visitor.identity)
        if account is None:
            await self.cluster.refresh(name)
            account = self.cluster.account_of(visitor.identity)
        if account is None:
            return ACCOUNT_GONE
        revoked = self.cluster.revoked_before(visitor.identity)
        if is_revoked(visitor.issued_at, account.record, revoked):
            return REVOKED
        return refusal(account.record, self.clock(), revoked) or account
