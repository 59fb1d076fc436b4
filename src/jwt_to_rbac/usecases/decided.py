"""What was decided lately and is in place, so that a renewal doesn't think of the same again."""

from collections import OrderedDict
from dataclasses import dataclass

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.identity import ProvenPerson
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.core.selector import NamespaceLabels
from jwt_to_rbac.usecases.reconcile import Decision

MOST = 1024
"""As many as tokens are remembered: a few kilobytes each."""


@dataclass(frozen=True, slots=True)
class Ground:
    """All that a decision follows from. Each is replaced when it changes, never altered."""

    proven: ProvenPerson
    account: Account
    policy: Policy
    namespaces: NamespaceLabels

    def is_that_of(self, other: "Ground") -> bool:
        """By the very objects: comparing what they say would cost as much as deciding."""
        return (
            self.proven is other.proven
            and self.account is other.account
            and self.policy is other.policy
            and self.namespaces is other.namespaces
        )


class Decided:
    """The most recent decisions that changed nothing, by token."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[Ground, Decision]] = OrderedDict()

    def on(self, ground: Ground) -> Decision | None:
        """The decision, if it was made on the same ground."""
        kept = self._kept.get(ground.proven.token_sha256)
        return kept[1] if kept is not None and kept[0].is_that_of(ground) else None

    def keep(self, ground: Ground, decision: Decision) -> None:
        self._kept[ground.proven.token_sha256] = (ground, decision)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
