"""How the cluster differs from what the policy says of one account, told apart for people. Pure.

What is done about it follows from `difference`; this names what somebody reads.
"""

from dataclasses import dataclass

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.difference import HeldGrant, difference
from jwt_to_rbac.core.plan import AccessPlan, Grant


@dataclass(frozen=True, slots=True)
class Drift:
    """False where there is none.

    `missing`: grants of the plan that no binding gives. `altered`: bindings of ours that somebody
    changed. `surplus`: bindings of ours that the plan has no grant for (any more). `foreign`:
    bindings to the ServiceAccount by others, as in `Account`. `unbacked`: there are grants, and
    no ServiceAccount to hold them.
    """

    missing: tuple[Grant, ...] = ()
    altered: tuple[HeldGrant, ...] = ()
    surplus: tuple[HeldGrant, ...] = ()
    foreign: tuple[str, ...] = ()
    unbacked: bool = False

    def __bool__(self) -> bool:
        return self != _NONE


_NONE = Drift()


def drift(account: Account, access: AccessPlan) -> Drift:
    """What is not as `access` says: none of it is there for whoever is refused or has lapsed."""
    changes = difference(access.wanted(), account.held)
    altered = tuple(held for held in changes.revoke if not held.intact)
    touched = {held.grant for held in altered}
    return Drift(
        tuple(grant for grant in changes.bind if grant not in touched),
        altered,
        tuple(held for held in changes.revoke if held.intact),
        account.foreign,
        bool(access.grants) and not account.service_account_uid,
    )
