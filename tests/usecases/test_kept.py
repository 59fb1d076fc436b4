"""What was worked out of an account is kept until the account changes, and no longer."""

from dataclasses import replace

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.usecases.kept import Kept

JANE = Account("jane", "uid", "1", Record(Person(Identity("https://issuer", "sub"), "jane"), 1))


def kept() -> tuple[Kept[str], list[Account]]:
    """And whoever it was worked out of."""
    worked: list[Account] = []

    def work(account: Account) -> str:
        worked.append(account)
        return f"{account.name} {account.version}"

    return Kept(work), worked


def test_the_same_account_is_worked_on_once() -> None:
    told, worked = kept()
    assert [told(JANE), told(JANE)] == ["jane 1", "jane 1"]
    assert worked == [JANE]


def test_a_changed_account_is_worked_on_anew() -> None:
    told, worked = kept()
    changed = replace(JANE, version="2")
    assert [told(JANE), told(changed), told(changed)] == ["jane 1", "jane 2", "jane 2"]
    assert worked == [JANE, changed]


def test_those_who_are_gone_are_forgotten_once_they_would_add_up() -> None:
    told, worked = kept()
    told(JANE)
    told(replace(JANE, name="john"))
    told.forget_beyond(2)
    told(JANE)
    assert len(worked) == 2
    told.forget_beyond(1)
    told(JANE)
    assert len(worked) == 3
