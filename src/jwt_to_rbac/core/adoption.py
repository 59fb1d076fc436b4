"""Decides what becomes of the first system's objects: whose go, whose wait, and why. No calls.

Its ServiceAccounts don't say whose they are (issuer, subject), only a name made of an e-mail
address. So none of them becomes anybody's: who logs in here gets an account of their own, which
holds exactly what policy says, and then the old one goes. To let somebody keep an old account
by mistake would be access that nobody gave; to take it by mistake costs one login.

Until that login an old account keeps of its bindings those alone that the policy gives
somebody: the first system gave them for a group, and the policy still has use for it.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from jwt_to_rbac.core.plan import Grant


class Kind(StrEnum):
    """The resources that the first system made, as Kubernetes' API calls them."""

    CLUSTER_ROLE_BINDING = "clusterrolebindings"
    ROLE_BINDING = "rolebindings"
    SECRET = "secrets"
    SERVICE_ACCOUNT = "serviceaccounts"
    CLUSTER_ROLE = "clusterroles"


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One object that is there; `uid` is this very one's. `namespace` is empty for cluster scope."""

    kind: Kind
    name: str
    namespace: str
    uid: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"


@dataclass(frozen=True, slots=True)
class OldBinding:
    """`accounts` are the old system's ServiceAccounts among its subjects; `its_own` that it made it."""

    found: Found
    cluster_role: str
    accounts: tuple[str, ...]
    its_own: bool

    @property
    def grant(self) -> Grant:
        return Grant(self.cluster_role, self.found.namespace)


@dataclass(frozen=True, slots=True)
class OldToken:
    """A Secret that holds a token; `ends` in seconds since 1970, None for never by itself."""

    found: Found
    account: str
    ends: float | None


@dataclass(frozen=True, slots=True)
class FirstSystem:
    """All that it left on a cluster. `roles_of_others` are ClusterRoles that other bindings name."""

    accounts: tuple[Found, ...] = ()
    bindings: tuple[OldBinding, ...] = ()
    tokens: tuple[OldToken, ...] = ()
    roles: tuple[Found, ...] = ()
    roles_of_others: frozenset[str] = frozenset()


class Fate(StrEnum):
    """What becomes of an old account."""

    REMOVE = "remove"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class AdoptedAccount:
    """One old account: what it holds, what becomes of it, and why. `people` are AccessGrants' names.

    `never_ends`: it has a token without an end.
    """

    name: str
    fate: Fate
    reason: str
    people: tuple[str, ...]
    keeps: tuple[Grant, ...]
    loses: tuple[Grant, ...]
    tokens: int
    never_ends: bool


@dataclass(frozen=True, slots=True)
class Adoption:
    """The whole plan. `remove` is in the order in which it is safe: what gives access goes first.

    `roles` are ClusterRoles that become the policy's own. `left` says what only a person can
    decide.
    """

    accounts: tuple[AdoptedAccount, ...]
    remove: tuple[Found, ...]
    roles: tuple[Found, ...]
    left: tuple[str, ...]


def plan_adoption(
    found: FirstSystem,
    people: Mapping[str, Iterable[str]],
    granted: Set[Grant],
    own_roles: Set[str],
    now: float,
    everybody: bool = False,
) -> Adoption:
    """What is to be done.

    `people` gives for the first system's name of a person the AccessGrants of whoever has
    logged in here under it. `granted` is all that the policy gives anybody, with the namespace
    `*` where it chooses by labels; `own_roles` the ClusterRoles that it has rules for.
    `everybody`: no account waits.
    """
    accounts = tuple(
        _account(one, found, tuple(people.get(one.name, ())), granted, now, everybody)
        for one in sorted(found.accounts)
    )
    waiting = {one.name for one in accounts if one.fate is Fate.WAIT}
    bindings = [one for one in found.bindings if one.its_own and not _stays(one, waiting, granted)]
    tokens = [one for one in found.tokens if one.account not in waiting or _is_over(one, now)]
    gone = {one.found for one in bindings}
    in_use = _in_use(found, gone)
    in_policy = own_roles | {grant.cluster_role for grant in granted}
    return Adoption(
        accounts,
        (
            *sorted(one.found for one in bindings),
            *sorted(one.found for one in tokens),
            *sorted(one for one in found.accounts if one.name not in waiting),
            *sorted(one for one in found.roles if one.name not in in_use | in_policy),
        ),
        tuple(sorted(one for one in found.roles if one.name in own_roles)),
        tuple(_left(found, in_policy, in_use)),
    )


def _account(
    account: Found,
    found: FirstSystem,
    people: tuple[str, ...],
    granted: Set[Grant],
    now: float,
    everybody: bool,
) -> AdoptedAccount:
    held = [one.grant for one in found.bindings if account.name in one.accounts and one.its_own]
    keeps = tuple(sorted(grant for grant in held if _is_granted(grant, granted)))
    tokens = [one for one in found.tokens if one.account == account.name]
    still = [one for one in tokens if not _is_over(one, now)]
    if people:
        fate, reason = Fate.REMOVE, f"logged in here as {', '.join(people)}"
    elif everybody:
        fate, reason = Fate.REMOVE, "all are to be removed"
    elif not keeps:
        fate, reason = Fate.REMOVE, "the policy gives nobody what it holds"
    else:
        fate, reason = Fate.WAIT, "nobody of this name has logged in here yet"
    if fate is Fate.REMOVE:
        keeps = ()
    loses = tuple(sorted(set(held) - set(keeps)))
    never_ends = any(one.ends is None for one in still)
    return AdoptedAccount(account.name, fate, reason, people, keeps, loses, len(still), never_ends)


def _stays(binding: OldBinding, waiting: Set[str], granted: Set[Grant]) -> bool:
    return not waiting.isdisjoint(binding.accounts) and _is_granted(binding.grant, granted)


def _is_granted(grant: Grant, granted: Set[Grant]) -> bool:
    """Whether the policy gives it to anybody, there or on the whole cluster.

    Which namespaces a selector chooses isn't asked: whatever it could choose counts.
    """
    wider = [Grant(grant.cluster_role)]
    if grant.namespace:
        wider += [grant, Grant(grant.cluster_role, "*")]
    return not granted.isdisjoint(wider)


def _is_over(token: OldToken, now: float) -> bool:
    return token.ends is not None and token.ends <= now


def _in_use(found: FirstSystem, gone: Set[Found]) -> Set[str]:
    """The ClusterRoles that are still bound when that is gone."""
    return found.roles_of_others | {
        one.cluster_role for one in found.bindings if one.found not in gone
    }


def _left(found: FirstSystem, in_policy: Set[str], in_use: Set[str]) -> Iterable[str]:
    for binding in found.bindings:
        # To an account that waits it is access as before; to one that goes, a trap for the name.
        if not binding.its_own:
            yield (
                f"{binding.found} binds {', '.join(binding.accounts)} to {binding.cluster_role} "
                "and isn't the first system's: whoever made it must decide"
            )
    for role in found.roles:
        if role.name in in_use - in_policy:
            yield f"{role} is still bound, so it stays until that goes"
