"""A sandbox that outlives the command that started it: for people at a shell, by its folder.

Tests and the demo use `start` instead, whose sandbox ends with them.
"""

import os
import select
import signal
from pathlib import Path

import msgspec

from jwt_to_rbac.sandbox.builds import ensure_programs
from jwt_to_rbac.sandbox.errors import NotRunning, SandboxError
from jwt_to_rbac.sandbox.folders import keeper_of
from jwt_to_rbac.sandbox.owner import Keeper
from jwt_to_rbac.sandbox.places import sandboxes_home
from jwt_to_rbac.sandbox.protocol import FACTS_FILE, Facts, Options, Order

_END_SECONDS = 20.0


def default_folder() -> Path:
    """The folder of the sandbox that is meant when none is named."""
    return sandboxes_home() / "default"


def start_detached(folder: Path, options: Options) -> Facts:
    """Start a sandbox in `folder` and return when it is ready; it runs until `end`.

    Raises FolderTaken if one runs there or if it holds other files, SandboxError otherwise.
    """
    programs = {name: str(path) for name, path in ensure_programs().items()}
    keeper = Keeper(Order(options, programs, str(folder.absolute()), detached=True))
    try:
        return keeper.ready()
    finally:
        keeper.let_go()


def facts_of(folder: Path) -> Facts:
    """What one needs to know to use the sandbox in `folder`. Raises NotRunning."""
    _keeper(folder)
    try:
        return msgspec.json.decode((folder / FACTS_FILE).read_bytes(), type=Facts)
    except FileNotFoundError:
        raise NotRunning(f"the sandbox in {folder} is not up yet: try again soon.") from None


def end(folder: Path) -> None:
    """End the sandbox in `folder` and wait until its folder is gone. Raises NotRunning."""
    pid = _keeper(folder)
    try:
        # A handle on the process itself: a pid alone might be somebody else's by now.
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if keeper_of(folder) != pid:
            return
        signal.pidfd_send_signal(process, signal.SIGTERM)
        if not select.select([process], [], [], _END_SECONDS)[0]:
            raise SandboxError(f"keeper {pid} of {folder} did not end in {_END_SECONDS:.0f} s.")
    finally:
        os.close(process)


def _keeper(folder: Path) -> int:
    pid = keeper_of(folder)
    if pid is None:
        raise NotRunning(
            f"no sandbox runs in {folder}. Start one: jwt-to-rbac sandbox up --dir {folder}"
        )
    return pid
