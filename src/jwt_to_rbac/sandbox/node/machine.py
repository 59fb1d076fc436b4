"""Makes a node's namespaces, from inside, a machine on which kubelet and containerd change nothing outside.

They write to fixed places (/run, /var/lib, /var/log) and to settings of the whole kernel.
"""

import subprocess
from pathlib import Path

from jwt_to_rbac.sandbox.errors import PartFailed
from jwt_to_rbac.sandbox.node.addresses import ADDRESS

# What the kubelet sets the kernel to where it finds something else.
_TUNABLES = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1000000,
    "kernel/keys/root_maxbytes": 25000000,
}
_RUN = Path("/run")


def set_up(folder: Path) -> None:
    """Mounts and network; `folder` remains what it is outside. Raises PartFailed."""
    _run("mount", "-t", "tmpfs", "node", str(_RUN))
    outside = _RUN / "outside"
    outside.mkdir()
    _run("mount", "--bind", str(folder), str(outside))
    for place in ("/var/lib", "/var/log"):
        _cover(place)
    # It may be under one of these.
    _run("mount", "--bind", str(outside), str(folder))
    for name, value in _TUNABLES.items():
        _pretend(Path("/proc/sys") / name, value)
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "link", "add", "node", "type", "bridge")
    _run("ip", "address", "add", f"{ADDRESS}/24", "dev", "node")
    _run("ip", "link", "set", "node", "up")
    # kubelet and kube-proxy want a default route; nothing is behind this one.
    _run("ip", "route", "add", "default", "dev", "node")


def let_go(folder: Path) -> None:
    """Unmount what containerd and the kubelet left mounted in `folder`, so that it can be removed."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in reversed(mounts):
        if Path(mount).is_relative_to(folder):
            _run("umount", "--lazy", mount)


def _cover(place: str) -> None:
    """Let what is written to `place` go nowhere."""
    name = place.replace("/", "-")
    upper, work = _RUN / f"upper{name}", _RUN / f"work{name}"
    upper.mkdir()
    work.mkdir()
    layers = f"lowerdir={place},upperdir={upper},workdir={work}"
    _run("mount", "-t", "overlay", "-o", layers, "node", place)


def _pretend(tunable: Path, value: int) -> None:
    """Have the kernel's setting read as the kubelet wants it."""
    shown = _RUN / tunable.name
    shown.write_text(f"{value}\n")
    _run("mount", "--bind", str(shown), str(tunable))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise PartFailed(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
