"""What a running product holds, and what it says of itself."""

import os
from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.kube.connections import Connections


@dataclass(frozen=True)
class Held:
    """Resident memory now and at its peak, in MB; open sockets; threads."""

    memory: float
    peak: float
    sockets: int
    threads: int


async def metrics(http: Connections) -> dict[str, float]:
    """Each series and its value."""
    reply = await http.ask("GET", "/metrics", {}, b"")
    lines = (line.rpartition(" ") for line in reply.body.decode().splitlines() if line[0] != "#")
    return {name: float(value) for name, _, value in lines}


def writes(seen: dict[str, float]) -> float:
    """How many calls that change something the product has made by now."""
    counted = "jwt_to_rbac_kube_request_duration_seconds_count"
    changing = ('verb="create"', 'verb="patch"', 'verb="delete"')
    return sum(
        n
        for name, n in seen.items()
        if name.startswith(counted) and any(v in name for v in changing)
    )


def held(pid: int) -> Held:
    lines = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return Held(
        int(lines["VmRSS"].split()[0]) / 1024,
        int(lines["VmHWM"].split()[0]) / 1024,
        sum(_is_socket(one) for one in Path(f"/proc/{pid}/fd").iterdir()),
        int(lines["Threads"]),
    )


def _is_socket(link: Path) -> bool:
    try:
        return os.readlink(link).startswith("socket:")  # noqa: PTH115 (it leads to no file)
    except FileNotFoundError:
        return False
