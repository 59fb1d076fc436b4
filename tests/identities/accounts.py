"""Who holds which name, for millions of people in little memory; and the whole crowd's logins."""

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import cast

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.errors import JwtToRbacError
from jwt_to_rbac.core.identity import Person
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.ports import Cluster, NameTaken
from jwt_to_rbac.usecases.reconcile import claim
from tests.identities.people import EXISTING, nth

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


class Names:
    """The cluster's names, as `claim` in `ports.Cluster` gives them: once, and for good.

    An open table of 64-bit hashes, 16 bytes a place: names, and whose they are. Two names of ten
    million have one hash once in 400,000 runs (birthday bound); the second would then fall back.
    """

    def __init__(self, people: int) -> None:
        size = 1 << (people * 3 // 2).bit_length()
        self._mask = size - 1
        self._names = array("Q", bytes(8 * size))
        self._owners = array("Q", bytes(8 * size))
        self.given = 0

    async def claim(self, name: str, record: Record) -> Account | NameTaken:
        if name in EXISTING:
            return NameTaken(name)
        identity = record.person.identity
        owner = _hash(f"{len(identity.issuer)}:{identity.issuer}{identity.subject}")
        key = _hash(name)
        at = key & self._mask
        while self._names[at] not in (0, key):
            at = at + 1 & self._mask
        if self._names[at] == 0:
            self._names[at], self._owners[at] = key, owner
            self.given += 1
        elif self._owners[at] != owner:
            return NameTaken(name)
        return Account(name, "", "", record)


@dataclass(frozen=True, slots=True)
class Found:
    """What the logins of a crowd came to. `names` were given; each list holds a few examples."""

    people: int
    names: int
    refused: int
    invalid: list[Person]
    foreign: list[Person]


def log_in_all(people: int, again: bool = True) -> Found:
    """Everybody asks for an account; `again`: then everybody once more, the last one first."""
    names = Names(people)
    refused, invalid, foreign = 0, list[Person](), list[Person]()
    for n in _order(people, again):
        person = nth(n)
        try:
            account = account_of(names, person)
        except JwtToRbacError:
            refused += 1
            continue
        if not DNS_LABEL.fullmatch(account.name):
            invalid.append(person)
        if account.name in EXISTING:
            foreign.append(person)
    return Found(people, names.given, refused, invalid[:10], foreign[:10])


def _order(people: int, again: bool) -> Iterable[int]:
    yield from range(people)
    if again:
        yield from range(people - 1, -1, -1)


def account_of(names: Names, person: Person) -> Account:
    """The use case's own choice of a name, run without an event loop: nothing in it waits."""
    asking = claim(cast(Cluster, names), Record(person, 0))
    try:
        asking.send(None)
    except StopIteration as done:
        return cast(Account, done.value)
    raise AssertionError("it waits for something")


def _hash(text: str) -> int:
    # 0 is an empty place.
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) or 1
