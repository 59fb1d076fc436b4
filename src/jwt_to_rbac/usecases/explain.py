"""Explain (dry run): what a person would be granted, by which rule, and what would change. Changes nothing."""

from dataclasses import dataclass

from jwt_to_rbac.core.difference import Changes, difference
from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.core.identity import Person, ProvenPerson
from jwt_to_rbac.core.names import readable_account_name
from jwt_to_rbac.core.plan import AccessPlan, plan
from jwt_to_rbac.core.record import Record, advance
from jwt_to_rbac.ports import Clock, Cluster, Issuers, PolicyInForce
from jwt_to_rbac.usecases.log_in import nothing_for


@dataclass(frozen=True, slots=True)
class Explained:
    """What a login of this person would do now.

    `account` is the name that the person has, or would ask for; `exists` tells which.
    `changes` are against the live cluster. `refused` is why a login would be refused, if so.
    """

    person: Person
    account: str
    exists: bool
    access: AccessPlan
    changes: Changes
    refused: Denial | None = None


@dataclass(frozen=True, slots=True)
class Explain:
    """The use case with all that it needs."""

    issuers: Issuers
    cluster: Cluster
    policy: PolicyInForce
    clock: Clock

    async def token(self, token: str) -> Explained | Denial:
        """For an ID token, which is its own proof: whoever shows it may know what it gives."""
        proven = await self.issuers.prove(token)
        return proven if isinstance(proven, Denial) else self.of(proven)

    def of(self, proven: ProvenPerson) -> Explained:
        """For somebody whose ID token is verified already."""
        account = self.cluster.account_of(proven.person.identity)
        revoked = self.cluster.revoked_before(proven.person.identity)
        record = advance(account.record if account else None, proven, self.clock(), revoked)
        return self._explained(proven.person, record)

    def person(self, person: Person) -> Explained:
        """For claims given by hand. It tells of other people: the caller must be let know."""
        return self._explained(person, None)

    def _explained(self, person: Person, record: Record | Denial | None) -> Explained:
        """`record` is what would be remembered, or why not; None plans for the claims alone."""
        account = self.cluster.account_of(person.identity)
        refused = record if isinstance(record, Denial) else None
        if isinstance(record, Record):
            person = record.person
        access = AccessPlan()
        if refused is None:
            access = plan(person, self.policy(), self.cluster.namespaces())
            refused = None if access.grants else nothing_for(person)
        return Explained(
            person,
            account.name if account else readable_account_name(person),
            account is not None,
            access,
            difference(access.wanted(), account.held if account else ()),
            refused,
        )
