"""Names of everything that the program made on the cluster, for those whom Kubernetes lets list."""

from dataclasses import dataclass

from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.ports import Cluster, Listing, Request
from jwt_to_rbac.usecases.callers import FORBIDDEN_TO_ALL, Caller, Callers


@dataclass(frozen=True, slots=True)
class ListObjects:
    """The use case with all that it needs."""

    callers: Callers
    cluster: Cluster

    async def __call__(self, caller: Caller, request: Request) -> Listing | Denial:
        """Needs `list` on `accessgrants`."""
        if not await self.callers.may(caller, "list"):
            return await self.callers.refused(
                FORBIDDEN_TO_ALL, caller, "list accessgrants", "", request
            )
        return self.cluster.listing()
