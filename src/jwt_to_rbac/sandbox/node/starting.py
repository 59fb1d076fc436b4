"""Starts a node on a cluster that runs, and gives its pods names to find Services by."""

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

from jwt_to_rbac.sandbox.errors import PartFailed
from jwt_to_rbac.sandbox.node import images
from jwt_to_rbac.sandbox.node.addresses import ADDRESS, DNS
from jwt_to_rbac.sandbox.node.files import PAUSE
from jwt_to_rbac.sandbox.node.parts import Node
from jwt_to_rbac.sandbox.part import Recipe


async def start_node(node: Node, run: Callable[[Recipe], Awaitable[None]]) -> None:
    """Return when pods can run; `run` starts a part. Raises PartFailed."""
    _make_dns_service(node)
    await run(node.containerd())
    archive = node.folder / "pause.tar"
    images.write_archive(archive, PAUSE, {"pause": Path(node.programs["pause"])}, "/pause")
    images.load(node.folder, archive)
    async with asyncio.TaskGroup() as together:
        for recipe in (node.kubelet(), node.scheduler(), node.proxy(), node.dns()):
            together.create_task(_started(run, recipe))


async def _started(run: Callable[[Recipe], Awaitable[None]], recipe: Recipe) -> None:
    await run(recipe)


def _make_dns_service(node: Node) -> None:
    """`kube-dns`, which leads to the CoreDNS beside the pods."""
    ports = [
        {"name": f"dns-{protocol.lower()}", "port": 53, "protocol": protocol}
        for protocol in ("UDP", "TCP")
    ]
    named = {"name": "kube-dns", "namespace": "kube-system"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": named,
        "spec": {"clusterIP": DNS, "ports": ports},
    }
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": named | {"labels": {"kubernetes.io/service-name": "kube-dns"}},
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": [{"addresses": [ADDRESS], "conditions": {"ready": True}}],
    }
    made = subprocess.run(
        [*node.kubectl, "create", "-f", "-"],
        input=json.dumps({"apiVersion": "v1", "kind": "List", "items": [service, endpoints]}),
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        raise PartFailed(f"the Service of CoreDNS can't be made: {made.stderr.strip()}")
