"""What several sides of the running program have in common."""

import time
from dataclasses import dataclass

import aiohttp
from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.kube.cluster import KubeCluster
from jwt_to_rbac.kube.cluster_info import FollowedClusterInfo
from jwt_to_rbac.kube.events import Events
from jwt_to_rbac.kube.official import Configuration
from jwt_to_rbac.kube.session import KubeSession
from jwt_to_rbac.metrics import Metrics
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.ports import Audit, Cluster
from jwt_to_rbac.settings.current import Current
from jwt_to_rbac.usecases.callers import Callers
from jwt_to_rbac.usecases.door import Door
from jwt_to_rbac.usecases.one_at_a_time import OneAtATime
from jwt_to_rbac.usecases.settle import Settle


@dataclass(frozen=True, slots=True)
class Parts:
    """Made by `service`, which also closes what must be closed."""

    current: Current
    configuration: Configuration
    introduced: FollowedClusterInfo
    http: aiohttp.ClientSession
    session: KubeSession
    cluster: KubeCluster
    issuers: TrustedIssuers
    door: Door
    callers: Callers
    audit: Audit
    events: Events
    metrics: Metrics
    turns: OneAtATime[Identity]
    log: FilteringBoundLogger

    def settle(self, cluster: Cluster) -> Settle:
        """The use case on `cluster`, this one or the same behind a guard."""
        current = self.current
        return Settle(
            cluster,
            current.policy,
            self.audit,
            time.time,
            self.turns,
            current.lifetimes,
            self.events.tell,
        )
