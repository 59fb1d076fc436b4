"""What must change for the cluster to hold exactly what the plan says. No order of calls: see `usecases`."""

from collections.abc import Iterable
from dataclasses import dataclass

from jwt_to_rbac.core.plan import Grant


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A binding that exists. `intact` is false if its subjects or owner aren't as we make them."""

    grant: Grant
    name: str
    intact: bool = True


@dataclass(frozen=True, slots=True)
class Changes:
    """Bindings to take away, to be done first, and grants to give."""

    revoke: tuple[HeldGrant, ...] = ()
    bind: tuple[Grant, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.revoke or self.bind)


def difference(wanted: frozenset[Grant], held: Iterable[HeldGrant]) -> Changes:
    """Keeps one intact binding for each wanted grant; revokes the rest; binds what is missing.

    A binding that somebody altered is revoked and made anew, since a roleRef is immutable
    and a foreign subject must not keep what it slipped into.
    """
    revoke: list[HeldGrant] = []
    kept: set[Grant] = set()
    for one in sorted(held, key=lambda h: (h.grant, h.name)):
        if one.grant in wanted and one.intact and one.grant not in kept:
            kept.add(one.grant)
        else:
            revoke.append(one)
    return Changes(tuple(revoke), tuple(sorted(wanted - kept)))
