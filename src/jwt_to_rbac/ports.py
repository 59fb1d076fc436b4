"""What the use cases need from outside, as Protocols; the adapters are `oidc`, `kube` and `audit`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from jwt_to_rbac.core.account import Account, Credential
from jwt_to_rbac.core.adoption import FirstSystem, Found
from jwt_to_rbac.core.conditions import Condition
from jwt_to_rbac.core.difference import HeldGrant
from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.core.identity import Identity, Person, ProvenPerson
from jwt_to_rbac.core.kubernetes_user import KubernetesUser
from jwt_to_rbac.core.lifetime import TokenLifetimes
from jwt_to_rbac.core.news import Happened
from jwt_to_rbac.core.plan import AccessPlan, Grant
from jwt_to_rbac.core.policy import Policy, PolicyRule
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.core.selector import NamespaceLabels
from jwt_to_rbac.core.session import Session
from jwt_to_rbac.core.standing import HeldStanding, StandingGrant

Clock = Callable[[], float]
"""Seconds since 1970."""

PolicyInForce = Callable[[], Policy]
"""The policy that holds now: a changed configuration replaces it, so one decision asks once."""

LifetimesInForce = Callable[[], TokenLifetimes]
"""The bounds of a credential's life that hold now."""


class Issuers(Protocol):
    """The configured OpenID Connect issuers."""

    async def prove(self, token: str) -> ProvenPerson | Denial:
        """Verify an ID token. Raises Outage (issuer_unavailable) if keys can't be had."""

    def stated_issuer(self, token: str) -> str | None:
        """The configured issuer that a token says, unverified, to be made by; None for any other."""

    def remembers(self, token: str) -> bool:
        """Whether this very token was proven before, so that proving it again costs little."""


@dataclass(frozen=True, slots=True)
class OfferedIssuer:
    """An issuer at which people may log in: its URL, and what it is called."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class BrowserLogin:
    """One login with a browser under way (OpenID Connect Core 3.1, RFC 7636).

    `state` comes back with the answer, `nonce` in the ID token; `verifier` is what the token
    endpoint is shown, and whose SHA-256 the authorization endpoint.
    """

    issuer: str
    state: str
    nonce: str
    verifier: str


class BrowserLogins(Protocol):
    """Logging people in at the configured issuers with their browsers.

    All but `offered` raise Outage (issuer_unavailable).
    """

    def offered(self) -> Sequence[OfferedIssuer]: ...

    async def address(self, login: BrowserLogin) -> str | Denial:
        """Where to send the browser; a denial for an issuer that isn't offered (any more)."""

    async def redeem(self, login: BrowserLogin, code: str) -> str | Denial:
        """The ID token for an authorization code, verified and with the login's nonce."""

    async def end_address(self, issuer: str, back: str) -> str:
        """Where a browser ends its session at the issuer and then comes to `back`; "" if nowhere
        (OpenID Connect RP-Initiated Logout 1.0)."""


@dataclass(frozen=True, slots=True)
class Request:
    """Which request is worked on; what happens unattended has none.

    `id` stands in the answer and in every record; `source` is the address that it came from,
    "" where that isn't known.
    """

    id: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class NameTaken:
    """An account's name is held by somebody else's object."""

    name: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Names of all that the program made: what `GET /rbac` answers."""

    service_accounts: tuple[str, ...]
    cluster_roles: tuple[str, ...]
    cluster_role_bindings: tuple[str, ...]
    role_bindings: tuple[str, ...]


class Cluster(Protocol):
    """One Kubernetes cluster.

    Reads come from the watch cache; each write is one call and raises Outage, Conflict
    (a precondition failed: read again) or JwtToRbacError (cluster_refused).
    """

    def must_be_current(self) -> None:
        """Raise Outage if what is known has been old for some seconds.

        For decisions that RBAC doesn't make on its own: nobody may be let in by what was.
        """

    def account_of(self, identity: Identity) -> Account | None: ...

    def account_named(self, name: str) -> Account | None: ...

    def account_names(self) -> list[str]:
        """The names of all AccessGrants, sorted."""

    def namespaces(self) -> NamespaceLabels: ...

    def role_rules(self, name: str) -> tuple[PolicyRule, ...]:
        """The rules of a ClusterRole as they stand, aggregated ones included; none if it's absent."""

    def listing(self) -> Listing: ...

    def leftover_names(self) -> list[str]:
        """The names of AccessGrants that are no more and left something behind."""

    def has_role(self, name: str) -> bool: ...

    def has_leftovers(self, name: str) -> bool:
        """Whether something seems to belong to an AccessGrant of this name that is no more."""

    async def take_leftovers(self, name: str) -> None:
        """Delete what does, bindings first, after a look whether the AccessGrant really is gone."""

    def revoked_before(self, identity: Identity) -> int | None:
        """The first second whose ID tokens are good after the last revocation that is remembered."""

    async def read_revocation(self, identity: Identity) -> int | None:
        """The same past the cache."""

    async def remember_revocation(self, identity: Identity, not_before: int) -> None:
        """Refuse ID tokens that were issued before, also when nothing else is left of the person."""

    async def forget_revocations(self, before: float) -> None:
        """Those of before this time, in seconds since 1970."""

    async def refresh(self, name: str) -> None:
        """Read one AccessGrant and what it owns again, past the cache."""

    async def claim(self, name: str, record: Record) -> Account | NameTaken:
        """Create the AccessGrant: the atomic claim on a name."""

    async def write_record(self, account: Account, record: Record) -> Account:
        """Replace the spec if nobody changed it since `account` was read."""

    async def ensure_service_account(self, account: Account) -> Account: ...

    async def ensure_role(self, name: str, rules: tuple[PolicyRule, ...]) -> None:
        """Make our own ClusterRole hold exactly these rules; a foreign one is never touched."""

    async def require_role(self, name: str, rules: tuple[PolicyRule, ...]) -> None:
        """Raise JwtToRbacError (role_outdated) unless such a ClusterRole holds exactly these rules."""

    def holds_role(self, name: str, rules: tuple[PolicyRule, ...]) -> bool:
        """Whether our own ClusterRole of this name holds exactly these rules."""

    def dropped_roles(self, policy: Policy) -> list[str]:
        """Our own ClusterRoles that no rule of the policy names, and no binding of ours any more."""

    async def remove_role(self, name: str) -> None:
        """Delete one of `dropped_roles`; raises Conflict if it was changed or bound meanwhile."""

    async def bind(self, account: Account, grant: Grant) -> None: ...

    def standing(self) -> list[HeldStanding]:
        """The bindings that we made for Groups and Users themselves."""

    async def bind_standing(self, one: StandingGrant) -> None: ...

    async def unbind_standing(self, held: HeldStanding) -> None: ...

    async def unbind(self, account: Account, held: HeldGrant) -> None: ...

    def is_reported(
        self, account: Account, access: AccessPlan, told: tuple[Condition, ...]
    ) -> bool:
        """Whether the status says just this."""

    async def report(
        self,
        account: Account,
        access: AccessPlan,
        told: tuple[Condition, ...],
        login_at: float | None,
    ) -> None:
        """Write the status if it says something else, and the spec still is the one in `account`."""

    async def remove_service_account(self, account: Account) -> Account: ...

    async def remove(self, account: Account) -> None:
        """Delete the ServiceAccount, then the AccessGrant; the bindings must be gone already."""

    async def note_login(self, account: Account, login_at: float) -> Account:
        """Tell the last login alone, before anything is given to somebody whose access had lapsed."""

    def all_sessions(self) -> list[Session]: ...

    def session_named(self, name: str) -> Session | None: ...

    def sessions_of(self, account: Account) -> tuple[Session, ...]:
        """Sessions that haven't ended, the newest first."""

    async def begin_session(self, account: Account, session: Session) -> Session:
        """Make the session's object; gives it its uid."""

    async def record_renewal(self, session: Session) -> None:
        """Write `renewed` and `expires`; raises Conflict if the session has ended."""

    async def end_session(self, session: Session) -> None:
        """End it, and so every token that is bound to it. Done also if it had ended already."""

    async def stored_token(self, session: Session) -> str:
        """The token that a stored session holds, as soon as Kubernetes has put it there.

        Raises Outage if that takes too long, and Conflict if the session has ended.
        """

    async def issue_token(self, account: Account, session: Session, seconds: int) -> Credential:
        """A token bound to `session`; raises Conflict if account or session have ended."""

    async def review_token(self, token: str) -> KubernetesUser | None: ...

    async def may(self, user: KubernetesUser, verb: str, name: str, subresource: str) -> bool:
        """SubjectAccessReview on accessgrants."""


class NewsTold(Protocol):
    """What was told lately of AccessGrants. Best effort: the audit record is what counts."""

    async def of(self, name: str) -> tuple[Happened, ...]:
        """Of the AccessGrants that had this name, the newest first. Raises JwtToRbacError."""


class OldSystem(Protocol):
    """What the first system left on the cluster. Every call raises JwtToRbacError."""

    async def find(self) -> FirstSystem: ...

    async def people(self) -> Mapping[str, Person]:
        """Whoever has an AccessGrant of ours, by its name."""

    async def remove(self, one: Found) -> None:
        """Take away this very object, if it still is there."""

    async def take_over_role(self, role: Found, rules: tuple[PolicyRule, ...]) -> None:
        """Make a ClusterRole ours, with these rules."""


class Listener(Protocol):
    """Is told of changes to a cluster, whoever made them, at once. Must neither raise nor wait."""

    def grant_changed(self, name: str) -> None:
        """An AccessGrant came or changed."""

    def grant_gone(self, name: str, record: Record) -> None:
        """An AccessGrant was deleted, or began to be; what its last spec said."""

    def owned_changed(self, name: str) -> None:
        """What belongs to, or is bound to, the account of this name came, changed or went."""

    def namespaces_changed(self) -> None: ...

    def role_came_or_went(self, name: str) -> None: ...


class SessionListener(Protocol):
    """Is told of sessions, likewise."""

    def session_changed(self, session: Session, there: bool) -> None:
        """A session came or changed; or, not `there`, it went."""


@dataclass(frozen=True, slots=True)
class Held:
    """Who leads, as the Lease says: nobody if `holder` is empty.

    `version` changes with every write; `seconds` is for how long it is held without one.
    """

    holder: str
    version: str
    seconds: int = 0
    transitions: int = 0


class Lease(Protocol):
    """The record of who leads. Each call raises Outage, Conflict or JwtToRbacError."""

    async def read(self) -> Held: ...

    async def take(self, held: Held, holder: str, seconds: int) -> Held:
        """Hold it from now on, or still, if nobody wrote it since `held` was read."""

    async def release(self, held: Held) -> None: ...


class Audit(Protocol):
    """The append-only record of decisions."""

    async def record(
        self,
        event: str,
        *,
        request: Request | None = None,
        **facts: str | int | bool | Sequence[str] | None,
    ) -> None:
        """Write one record before its effect. Raises Outage (audit_unavailable): then no effect."""
