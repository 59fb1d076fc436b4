"""What the cluster holds for one person, as the use cases see it. Values only."""

from dataclasses import dataclass

from jwt_to_rbac.core.conditions import Condition
from jwt_to_rbac.core.difference import HeldGrant
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.core.session import Session


@dataclass(frozen=True, slots=True)
class Account:
    """A person's AccessGrant with all that it owns.

    `name` is that of the AccessGrant and of the ServiceAccount. `uid` and `version` are the
    AccessGrant's; `version` is opaque and proves, given back, that nobody changed it since.
    `service_account_uid` is empty while the ServiceAccount is missing. `reported` says that
    the status tells of this very spec; `last_login` (seconds since 1970) and `conditions` are
    what it tells. `created` is when the AccessGrant was made. `foreign` are the bindings to the ServiceAccount that no
    AccessGrant owns, as `kind/name` or `kind/namespace/name`.
    """

    name: str
    uid: str
    version: str
    record: Record
    service_account_uid: str = ""
    held: tuple[HeldGrant, ...] = ()
    reported: bool = False
    last_login: int | None = None
    conditions: tuple[Condition, ...] = ()
    foreign: tuple[str, ...] = ()
    created: int = 0


@dataclass(frozen=True, slots=True)
class Credential:
    """A ServiceAccount token as TokenRequest issued it, bound to `session`.

    `expires_at` (RFC 3339) is the API server's word, or the session's end if that comes first.
    """

    token: str
    expires_at: str
    service_account: str
    namespace: str
    session: Session

    def __repr__(self) -> str:
        return f"Credential({self.namespace}/{self.service_account}, until {self.expires_at})"
