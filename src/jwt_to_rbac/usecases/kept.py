"""What was worked out of people's accounts, kept until they change. Knows nothing of what it is."""

from collections.abc import Callable
from typing import Generic, TypeVar

from jwt_to_rbac.core.account import Account

Worked = TypeVar("Worked")


class Kept(Generic[Worked]):
    """What `work` makes of an account, for as long as the account is the same object: each change
    of it makes a new one."""

    def __init__(self, work: Callable[[Account], Worked]) -> None:
        self._work = work
        self._kept: dict[str, tuple[Account, Worked]] = {}

    def __call__(self, account: Account) -> Worked:
        kept = self._kept.get(account.name)
        if kept is None or kept[0] is not account:
            kept = self._kept[account.name] = (account, self._work(account))
        return kept[1]

    def forget_beyond(self, people: int) -> None:
        """Begin anew where more is kept than there are `people`: of some who are gone."""
        if len(self._kept) > people:
            self._kept.clear()
