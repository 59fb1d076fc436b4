"""The cluster as it introduces itself to whoever comes from outside: the ConfigMap `cluster-info`.

kubeadm and its kin put it into `kube-public` (kubernetes.io: kubeadm, Token-based discovery with
CA pinning): a kubeconfig with the API server's public address and its authority. From inside of
the cluster both look otherwise.
"""

import asyncio
import base64
import binascii
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
import yaml
from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.core.errors import JwtToRbacError
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.session import KubeSession
from jwt_to_rbac.kube.types import ConfigMap

AGAIN = 600.0
"""Seconds until it is read again: an authority may change while the program runs."""

_LARGEST = 64 * 1024
"""Characters: several authorities' certificates are some thousand."""


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """The API server's URL, and the PEM certificates that vouch for it; empty: the system's."""

    server: str
    ca_pem: bytes = b""


class FollowedClusterInfo:
    """`found` is what was read last; None for a cluster without one, or one that we may not read."""

    def __init__(self, session: KubeSession, log: FilteringBoundLogger) -> None:
        self._session = session
        self._log = log
        self.found: ClusterInfo | None = None

    async def run(self) -> None:
        """Read it now and again, until cancelled."""
        while True:
            try:
                self.found = await read_cluster_info(self._session)
            except JwtToRbacError as error:
                # What was read before stays: people have a use for it, and nothing is decided by it.
                self._log.info("The cluster's cluster-info can't be read", detail=error.detail)
            await asyncio.sleep(AGAIN)


async def read_cluster_info(session: KubeSession) -> ClusterInfo | None:
    """What the cluster says of itself; None if it says nothing usable. Raises JwtToRbacError."""
    also = (HTTPStatus.NOT_FOUND,)
    reply = await session.call("GET", paths.CLUSTER_INFO, also=also)
    if reply.status == HTTPStatus.NOT_FOUND:
        return None
    text = msgspec.json.decode(reply.body, type=ConfigMap).data.get("kubeconfig", "")
    return cluster_info(text)


def cluster_info(kubeconfig: str) -> ClusterInfo | None:
    """The first cluster of a kubeconfig, if it can be reached by TLS and its authority be read."""
    if len(kubeconfig) > _LARGEST:
        return None
    try:
        document: Any = yaml.safe_load(kubeconfig)
        cluster = document["clusters"][0]["cluster"]
        server, data = cluster["server"], cluster.get("certificate-authority-data") or ""
        pem = base64.b64decode(data, validate=True)
    except (yaml.YAMLError, LookupError, TypeError, AttributeError, binascii.Error, ValueError):
        return None
    if not (isinstance(server, str) and server.startswith("https://")):
        return None
    return ClusterInfo(server.rstrip("/"), pem)
