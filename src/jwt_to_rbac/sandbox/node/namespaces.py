"""The namespaces that a node's keeper runs in, from outside: whether there can be any, and the way in.

Standard library only, and no import of the package: scripts/prepare.py runs it before there is an
environment, to decide whether this machine can have a node.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWN = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
"""Put before a command; all that it starts ends with it."""

_CLONE_NEWNET = 0x40000000  # from linux/sched.h
_CGROUPS = Path("/sys/fs/cgroup")
# What machine.py will do; a container that isn't privileged allows none of it.
_PROBE = """
mount -t tmpfs node /run
mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/var/lib,upperdir=/run/upper,workdir=/run/work node /var/lib
"""


def obstacle() -> str:
    """Why this machine can't have a node; empty if it can (whatever packages it lacks)."""
    if os.geteuid() != 0:
        return "only root can make one"
    if not shutil.which("unshare"):
        return "unshare (of util-linux) is missing"
    tried = subprocess.run([*OWN, "sh", "-ec", _PROBE], capture_output=True, text=True)
    if tried.returncode != 0:
        return f"namespaces with mounts of their own can't be made here ({tried.stderr.strip()})"
    if not (found := hierarchies()) or not all(os.access(path, os.W_OK) for path in found):
        return f"no cgroups can be made in {_CGROUPS}"
    return ""


def hierarchies() -> list[Path]:
    """Where cgroups are made: one place, or one for each controller (version 1)."""
    if (_CGROUPS / "cgroup.controllers").exists():
        return [_CGROUPS]
    if not _CGROUPS.is_dir():
        return []
    return [path for path in _CGROUPS.iterdir() if (path / "cgroup.procs").exists()]


@contextmanager
def network_of(pid: int) -> Iterator[None]:
    """Within it the calling thread, and each process that it starts, is in that process' network."""
    ours, theirs = (_opened(f"/proc/{one}/ns/net") for one in ("thread-self", pid))
    try:
        _enter(theirs)
        yield
    finally:
        _enter(ours)
        os.close(ours)
        os.close(theirs)


def _opened(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _enter(namespace: int) -> None:
    # os.setns came with Python 3.12.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
