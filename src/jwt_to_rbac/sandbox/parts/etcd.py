"""etcd, the store behind kube-apiserver: its command line and readiness."""

from pathlib import Path

from jwt_to_rbac.sandbox.part import Recipe
from jwt_to_rbac.sandbox.probes import Web


def etcd_recipe(
    program: str, *, data: Path, client: str, peer: str, web: Web, environment: dict[str, str]
) -> Recipe:
    """`client` and `peer` are the URLs to listen on."""
    return Recipe(
        name="etcd",
        command=(
            program,
            f"--data-dir={data}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            # Survives the end of the process, not of the machine: a sandbox needs no more.
            "--unsafe-no-fsync",
        ),
        environment=environment,
        is_ready=web.answers(f"{client}/health"),
    )
