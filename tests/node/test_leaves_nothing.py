"""A node leaves nothing on the machine, also when whoever started it is killed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox.folders import claim
from jwt_to_rbac.sandbox.node.cgroups import cgroup_of
from jwt_to_rbac.sandbox.node.namespaces import hierarchies
from tests.support.waiting import eventually

_OWNER = """
import json, signal
from jwt_to_rbac.sandbox import Options, start
with start(Options(node=True)) as sandbox:
    print(json.dumps({"keeper": sandbox.keeper_pid, "folder": str(sandbox.directory)}), flush=True)
    signal.pause()
"""
SETTINGS = ("vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")
PLACES = (
    *("/run/netns", "/run/containerd", "/var/lib/cni", "/var/lib/kubelet"),
    *("/var/log/containers", "/var/log/pods"),
)
"""Where kubelet, containerd and CNI plugins write, whatever one tells them."""


def machine() -> dict[str, object]:
    """What a node could have changed outside of its namespaces."""
    return {
        "settings": [(Path("/proc/sys") / name).read_text() for name in SETTINGS],
        "places": [place for place in PLACES if Path(place).exists()],
        "links": sorted(path.name for path in Path("/sys/class/net").iterdir()),
    }


def cgroups(folder: Path) -> list[Path]:
    places = (hierarchy / cgroup_of(folder) for hierarchy in hierarchies())
    return [path for path in places if path.exists()]


def within(keeper: int) -> set[str]:
    """The processes that share the mounts of a keeper."""
    theirs = Path(f"/proc/{keeper}/ns/mnt").readlink()
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and _namespace(process) == theirs:
            found.add(process.name)
    return found


def _namespace(process: Path) -> Path | None:
    try:
        return (process / "ns" / "mnt").readlink()
    except OSError:
        return None


@pytest.mark.parametrize("killed", ["owner", "keeper"])
def test_whoever_is_killed_the_machine_is_as_before(killed: str) -> None:
    before = machine()
    with subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        seen = json.loads(owner.stdout.readline())
        folder, processes = Path(seen["folder"]), within(seen["keeper"])
        assert len(processes) > 10
        assert cgroups(folder)
        if killed == "keeper":
            os.kill(seen["keeper"], signal.SIGKILL)
        owner.kill()
    assert eventually(lambda: not any(Path("/proc", pid).exists() for pid in processes), 30)
    if killed == "keeper":
        # What every start of a sandbox does first.
        claim(None).give_up()
    assert eventually(lambda: not folder.exists(), 30)
    assert cgroups(folder) == []
    assert str(folder) not in Path("/proc/self/mounts").read_text()
    assert machine() == before
