"""`python -m bench.bindings [PEOPLE]`: what a read costs the API server, by how many people share a ClusterRoleBinding.

No program of ours runs: what its bindings cost in real use is `bench.scale`'s.
"""

import asyncio
import sys

from bench.api_server import quiet, requests
from bench.scale.crowd import USERS, each
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.marks import LABELS
from jwt_to_rbac.kube.session import KubeSession, load_configuration
from jwt_to_rbac.sandbox import Sandbox, start
from tests.support.cluster import install

ROLES = ("edit", "view")
"""Everybody has both in the whole cluster."""

SHARED_BY = (1_000, 100, 10, 1)
WRITES_AT_ONCE = 16

ASKS = "asks"
"""The one whose reads are measured, with a binding of their own."""


def main(people: int) -> None:
    print(
        "| bindings | people in each | a read, p50: administrator, person | the API server's CPU |"
    )
    print("| --- | --- | --- | --- |")
    with start() as sandbox:
        install(sandbox)
        asyncio.run(_measure(sandbox, [f"somebody-{n:06}-example-com" for n in range(people)]))


async def _measure(sandbox: Sandbox, names: list[str]) -> None:
    session = KubeSession(await load_configuration(str(sandbox.kubeconfig)))
    try:
        account = {"metadata": {"name": ASKS}}
        await session.call("POST", paths.service_accounts(USERS), account)
        await session.call("POST", paths.CLUSTER_ROLE_BINDINGS, _binding(ASKS, "view", [ASKS]))
        await _tell(session, 0, 0)
        for size in SHARED_BY:
            bindings = {
                f"{role}-{n}": _binding(f"{role}-{n}", role, names[n : n + size])
                for role in ROLES
                for n in range(0, len(names), size)
            }
            await each(bindings.values(), lambda one: _make(session, one), WRITES_AT_ONCE)
            await _tell(session, len(bindings), size)
            await each(bindings, lambda name: _remove(session, name), WRITES_AT_ONCE)
    finally:
        await session.close()


async def _make(session: KubeSession, binding: dict[str, object]) -> None:
    await session.call("POST", paths.CLUSTER_ROLE_BINDINGS, binding)


async def _remove(session: KubeSession, name: str) -> None:
    await session.call("DELETE", f"{paths.CLUSTER_ROLE_BINDINGS}/{name}")


async def _tell(session: KubeSession, bindings: int, size: int) -> None:
    await quiet(session)
    admin, person = await requests(session, USERS, ASKS)
    took = f"{admin.took:.1f}, {person.took:.1f} ms"
    print(f"| {bindings} | {size} | {took} | {admin.cpu:.1f}, {person.cpu:.1f} ms |")
    sys.stdout.flush()


def _binding(name: str, role: str, people: list[str]) -> dict[str, object]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name, "labels": LABELS},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": role,
        },
        "subjects": [{"kind": "ServiceAccount", "namespace": USERS, "name": one} for one in people],
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 10_000)
