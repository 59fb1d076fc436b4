"""The cgroups of one node's pods: made before the kubelet starts, removed after everything."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from jwt_to_rbac.sandbox.node.namespaces import hierarchies

_SECONDS = 10.0


def cgroup_of(folder: Path) -> str:
    """The name, in every hierarchy, that belongs to the sandbox in `folder`."""
    return f"jwt-to-rbac-{folder.name}"


def make_cgroups(folder: Path) -> None:
    """What the kubelet puts its own into; it wants to find it."""
    for hierarchy in hierarchies():
        (hierarchy / cgroup_of(folder)).mkdir()


def remove_cgroups(folder: Path) -> None:
    """End what runs in them, and remove them; none is no trouble.

    Nothing may start new processes there any more. After ten seconds it gives up.
    """
    end = time.monotonic() + _SECONDS
    while (left := list(_found(folder))) and time.monotonic() < end:
        for cgroup in left:
            _end_processes(cgroup)
            # Busy while a process in it is still ending.
            with contextlib.suppress(OSError):
                cgroup.rmdir()
        time.sleep(0.02)


def _found(folder: Path) -> Iterator[Path]:
    """The innermost first."""
    for hierarchy in hierarchies():
        root = hierarchy / cgroup_of(folder)
        yield from sorted(
            (path for path in (root, *root.rglob("*")) if path.is_dir()),
            key=lambda path: len(path.parts),
            reverse=True,
        )


def _end_processes(cgroup: Path) -> None:
    with contextlib.suppress(OSError):
        for pid in (cgroup / "cgroup.procs").read_text().split():
            # 0 is a process that can't be seen from here.
            if pid != "0":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
