"""A hundred thousand people made to be confused with one another; `make identities` takes ten million."""

from collections.abc import Callable

import pytest

from jwt_to_rbac.core.identity import Person
from jwt_to_rbac.core.names import hashed_account_name
from tests.identities.accounts import Names, account_of, log_in_all
from tests.identities.people import KINDS, nth

PEOPLE = 100_000


def test_no_two_identities_share_an_account_and_every_name_is_valid() -> None:
    found = log_in_all(PEOPLE)
    assert (found.refused, found.invalid, found.foreign) == (0, [], [])
    assert found.names == PEOPLE


def test_the_people_are_identities_of_their_own() -> None:
    assert len({nth(n).identity for n in range(PEOPLE)}) == PEOPLE


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: kind.__name__)
def test_the_people_are_made_to_be_confused(kind: Callable[[int], Person]) -> None:
    """Readable names would not do: of each kind, somebody falls back."""
    names = Names(PEOPLE)
    own = range(KINDS.index(kind), PEOPLE, len(KINDS))
    assert any(account_of(names, nth(n)).name == hashed_account_name(nth(n)) for n in own)
