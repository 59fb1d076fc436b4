"""What one person holds and why, as they see it themselves. How it is put for reading is `access_seen`'s."""

from dataclasses import dataclass

from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.ports import Cluster, Request
from jwt_to_rbac.usecases.access_seen import AccessSeen, see
from jwt_to_rbac.usecases.callers import Visitor
from jwt_to_rbac.usecases.people import People


@dataclass(frozen=True, slots=True)
class OwnAccess:
    """The use case with all that it needs."""

    people: People
    cluster: Cluster

    async def __call__(self, visitor: Visitor, name: str, request: Request) -> AccessSeen | Denial:
        """For the owner of the account `name`."""
        found = await self.people.get(visitor, name, request)
        if isinstance(found, Denial):
            return found
        return see(found.access, found.account.record.person.groups, self.cluster)
