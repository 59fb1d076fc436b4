"""Who is asking, and whether they may. What a non-owner may do is Kubernetes' decision, by RBAC."""

from dataclasses import dataclass

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Identity, ProvenPerson, token_sha256
from jwt_to_rbac.core.kubernetes_user import KubernetesUser
from jwt_to_rbac.core.record import REVOKED, is_revoked
from jwt_to_rbac.ports import Audit, Cluster, Issuers, Request
from jwt_to_rbac.usecases.door import Door


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who showed a good ID token, which is a login where they ask for a token of Kubernetes'."""

    proven: ProvenPerson

    @property
    def identity(self) -> Identity:
        return self.proven.person.identity


@dataclass(frozen=True, slots=True)
class Anybody:
    """Somebody who shows nothing, where the first system's open API is switched on.

    That only starts on a loopback address (see `settings`): whoever reaches it is trusted,
    as a container of one's own pod is.
    """


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who logged in with a browser, and has a sealed cookie that says so.

    `issued_at` and `token_ends` are `iat` and `exp` of the ID token by which they did.
    """

    identity: Identity
    issued_at: int
    token_ends: int


Shown = Owner | KubernetesUser | Anybody
"""Who can be told by a credential that a request shows."""

Caller = Shown | Visitor

FORBIDDEN = Denial(
    Code.FORBIDDEN,
    "There is no such account, or it isn't yours and Kubernetes doesn't let you act on it. "
    "An administrator may grant the verb on accessgrants.jwt-to-rbac.io.",
)
"""One answer for "not yours" and "does not exist", so that nobody learns who has an account."""

FORBIDDEN_TO_ALL = Denial(
    Code.FORBIDDEN,
    "This is about everybody, and Kubernetes doesn't let you do it. "
    "An administrator may grant the verb on accessgrants.jwt-to-rbac.io.",
)
"""Where no account is named, so that there is none to keep quiet about."""


LONGEST_NAME = 253
"""Characters of a name that was asked for, in a record: no object of Kubernetes has more."""


@dataclass(frozen=True, slots=True)
class Callers:
    """Tells callers apart by the credential that they show.

    `namespace` holds the accounts; `unauthenticated` takes those who show nothing as Anybody.
    """

    issuers: Issuers
    door: Door
    cluster: Cluster
    audit: Audit
    namespace: str
    unauthenticated: bool = False

    async def identify(self, bearer: str, request: Request) -> Shown | Denial:
        """The caller behind a bearer token: an ID token of ours, or a Kubernetes token."""
        if not bearer:
            if self.unauthenticated:
                return Anybody()
            return Denial(
                Code.CREDENTIAL_MISSING,
                "Send `Authorization: Bearer` with your ID token, or with a Kubernetes token "
                "for this program's audience.",
            )
        if self.issuers.stated_issuer(bearer):
            proven = await self.door.prove(bearer, request)
            if isinstance(proven, ProvenPerson) and not self._is_revoked(proven):
                return Owner(proven)
            refused = proven if isinstance(proven, Denial) else REVOKED
            await self.audit.record(
                "caller_refused",
                request=request,
                code=refused.code,
                token_sha256=named(bearer, refused),
            )
            return refused
        await self.door.review(request)
        user = await self.cluster.review_token(bearer)
        if user is not None:
            self.door.proven(user.username)
            return user
        await self.audit.record("caller_refused", request=request, code=Code.CREDENTIAL_REFUSED)
        return Denial(
            Code.CREDENTIAL_REFUSED,
            "The bearer token is neither an ID token of a configured issuer nor a Kubernetes "
            "token for this program's audience.",
        )

    def _is_revoked(self, proven: ProvenPerson) -> bool:
        identity = proven.person.identity
        account = self.cluster.account_of(identity)
        record = None if account is None else account.record
        return is_revoked(proven.issued_at, record, self.cluster.revoked_before(identity))

    async def may(self, caller: Caller, verb: str, name: str = "", subresource: str = "") -> bool:
        """Whether Kubernetes allows `verb` on the AccessGrant `name`; owners are no exception here."""
        if isinstance(caller, Anybody):
            return True
        user = caller if isinstance(caller, KubernetesUser) else self._as_user(caller)
        return user is not None and await self.cluster.may(user, verb, name, subresource)

    async def refused(
        self, denial: Denial, caller: Caller, asked: str, name: str, request: Request
    ) -> Denial:
        """Record that `caller` was refused `asked` (a verb and a resource) on the account `name`.

        `name` is the caller's word. Returns `denial`.
        """
        await self.audit.record(
            "access_refused",
            request=request,
            caller=describe(caller),
            asked=asked,
            account=name[:LONGEST_NAME] or None,
            code=denial.code,
        )
        return denial

    def owns(self, caller: Caller, account: Account | None) -> bool:
        """Whether the account is the caller's own, by identity."""
        return (
            isinstance(caller, Owner | Visitor)
            and account is not None
            and account.record.person.identity == caller.identity
        )

    def _as_user(self, owner: Owner | Visitor) -> KubernetesUser | None:
        """The ServiceAccount that an owner is on the cluster: their rights count, not their claims."""
        account = self.cluster.account_of(owner.identity)
        if account is None:
            return None
        return KubernetesUser(
            username=f"system:serviceaccount:{self.namespace}:{account.name}",
            uid=account.service_account_uid,
            groups=(
                "system:serviceaccounts",
                f"system:serviceaccounts:{self.namespace}",
                "system:authenticated",
            ),
        )


def named(token: str, refused: Denial) -> str | None:
    """The hash by which a record names an ID token that was refused.

    None for what isn't even one: it may be a password, pasted in the wrong place, which could be
    guessed from its hash.
    """
    no_token = refused.code in (Code.TOKEN_MISSING, Code.TOKEN_MALFORMED)
    return None if no_token else token_sha256(token)


def describe(caller: Caller) -> str:
    """The caller in one word, for audit records."""
    if isinstance(caller, Owner | Visitor):
        return f"{caller.identity.issuer}#{caller.identity.subject}"
    return "anybody" if isinstance(caller, Anybody) else caller.username
