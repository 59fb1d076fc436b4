"""A sandbox's folder: claimed under a lock, and removed once nobody holds that lock any more."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.sandbox.errors import FolderTaken
from jwt_to_rbac.sandbox.filelock import locked, try_lock
from jwt_to_rbac.sandbox.node.cgroups import remove_cgroups
from jwt_to_rbac.sandbox.places import sandboxes_home

_LOCK = "keeper.lock"
KEEPER_LOG = "keeper.log"


@dataclass(frozen=True)
class Claim:
    """A folder that is ours as long as `handle`, the lock's file descriptor, stays open."""

    path: Path
    handle: int

    def empty(self) -> None:
        """Remove all but the lock, for another try."""
        for entry in self.path.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != _LOCK and entry.name != KEEPER_LOG:
                entry.unlink()

    def give_up(self) -> None:
        """Remove the folder, then the lock."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.handle)


def claim(wanted: Path | None) -> Claim:
    """Make and lock a sandbox's folder: `wanted`, or a new one under the cache.

    Removes what sandboxes whose keeper was killed left behind. Raises FolderTaken.
    """
    home = sandboxes_home()
    # One at a time, so that no folder is swept between its making and its locking.
    with locked(home / ".lock"):
        _sweep(home)
        if wanted is None:
            path = Path(tempfile.mkdtemp(dir=home))
        else:
            path = wanted.absolute()
            _make_way(path)
            path.mkdir(parents=True, mode=0o700)
        handle = try_lock(path / _LOCK)
        if handle is None:
            raise FolderTaken(f"{path} was taken by another sandbox just now; try again.")
        os.write(handle, f"{os.getpid()}\n".encode())
        return Claim(path, handle)


def keeper_of(folder: Path) -> int | None:
    """The pid of the keeper that holds `folder`, or None if nobody does."""
    lock = folder / _LOCK
    if not lock.exists():
        return None
    handle = try_lock(lock)
    if handle is not None:
        os.close(handle)
        return None
    return int(lock.read_text())


def _sweep(home: Path) -> None:
    for folder in home.iterdir():
        if folder.is_dir() and keeper_of(folder) is None:
            remove_cgroups(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _make_way(path: Path) -> None:
    if not path.exists():
        return
    keeper = keeper_of(path)
    if keeper is not None:
        raise FolderTaken(
            f"a sandbox runs in {path} (keeper pid {keeper}): use it, or end it with "
            f"`jwt-to-rbac sandbox down --dir {path}`."
        )
    if not (path / _LOCK).exists() and any(path.iterdir()):
        raise FolderTaken(f"{path} holds files that no sandbox made; name another folder.")
    shutil.rmtree(path)
