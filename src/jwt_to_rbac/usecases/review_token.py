"""Tell an API server whom an ID token stands for (webhook token authentication). Makes nothing."""

from dataclasses import dataclass

from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.kubernetes_user import KubernetesUser, as_user
from jwt_to_rbac.core.record import advance
from jwt_to_rbac.ports import Clock, Cluster, Issuers, Request
from jwt_to_rbac.usecases.callers import named
from jwt_to_rbac.usecases.said_once import SaidOnce


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A good token: its user, and those of the asked audiences that it is meant for."""

    user: KubernetesUser
    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReviewToken:
    """The use case with all that it needs."""

    issuers: Issuers
    cluster: Cluster
    audit: SaidOnce
    clock: Clock

    async def __call__(
        self, token: str, audiences: tuple[str, ...], request: Request
    ) -> Reviewed | Denial | None:
        """Whom the token stands for, why it is refused, or None if it isn't one of our issuers'.

        A person with an AccessGrant is held to it, as at a login: suspended, ended and revoked
        are refused, the last also when it is gone, and an older token has the groups of the newest that was seen. Raises
        Outage if issuer, cluster or audit are away.
        """
        proven = await self.issuers.prove(token)
        if isinstance(proven, Denial):
            if not self.issuers.stated_issuer(token):
                # Every stray token that an API server can't place comes by: not ours to record.
                return None
            await self._refused(proven, request, token_sha256=named(token, proven))
            return proven
        self.cluster.must_be_current()
        identity = proven.person.identity
        account = self.cluster.account_of(identity)
        revoked = self.cluster.revoked_before(identity)
        record = advance(account.record if account else None, proven, self.clock(), revoked)
        if isinstance(record, Denial):
            await self._refused(record, request, identity, proven.token_sha256)
            return record
        user = as_user(proven, record.person)
        if isinstance(user, Denial):
            await self._refused(user, request, identity, proven.token_sha256)
            return user
        await self.audit.record(
            ("authenticated", proven.token_sha256),
            "authenticated",
            request,
            issuer=identity.issuer,
            subject=identity.subject,
            username=user.username,
            token_sha256=proven.token_sha256,
            account=account.name if account else None,
        )
        return Reviewed(user, tuple(each for each in audiences if each in proven.audiences))

    async def _refused(
        self,
        denial: Denial,
        request: Request,
        identity: Identity | None = None,
        token_sha256: str | None = None,
    ) -> None:
        await self.audit.record(
            (denial.code, token_sha256),
            "authentication_refused",
            request,
            code=denial.code,
            issuer=identity.issuer if identity else None,
            subject=identity.subject if identity else None,
            token_sha256=token_sha256,
        )
