"""No sandbox outlives its owner, and none hides that a part of it died."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import NotRunning, PartFailed, Sandbox, SandboxError, start
from jwt_to_rbac.sandbox.folders import claim
from tests.sandbox.waiting import ended, until

_OWNER = """
import json, signal, sys
from jwt_to_rbac.sandbox import start
with start() as sandbox:
    pids = [sandbox.keeper_pid, *(part.pid for part in sandbox.parts().values())]
    print(json.dumps({"pids": pids, "folder": str(sandbox.directory)}), flush=True)
    signal.pause()
"""
_IMPATIENT_OWNER = """
import signal
from jwt_to_rbac.sandbox.builds import ensure_programs
from jwt_to_rbac.sandbox.owner import Keeper
from jwt_to_rbac.sandbox.protocol import Options, Order
programs = {name: str(path) for name, path in ensure_programs().items()}
keeper = Keeper(Order(Options(), programs, folder=FOLDER, detached=DETACHED))
print(keeper.pid, flush=True)
signal.pause()
"""


def test_a_killed_test_run_leaves_no_process_and_no_folder_behind() -> None:
    with subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        seen = json.loads(owner.stdout.readline())
        assert len(seen["pids"]) == 6
        assert not any(ended(pid) for pid in seen["pids"])
        owner.kill()

    until(lambda: all(ended(pid) for pid in seen["pids"]), "all processes are gone")
    until(lambda: not Path(seen["folder"]).exists(), "the folder is gone")


@pytest.mark.parametrize("detached", [False, True], ids=["with-its-owner", "detached"])
def test_an_owner_killed_while_the_parts_start_leaves_nothing_behind(
    tmp_path: Path, detached: bool
) -> None:
    folder = tmp_path / "sandbox"
    script = _IMPATIENT_OWNER.replace("FOLDER", repr(str(folder)))
    script = script.replace("DETACHED", repr(detached))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        keeper = int(owner.stdout.readline())
        until((folder / "logs" / "etcd.log").exists, "the first part starts")
        parts = _children(keeper)
        owner.kill()

    until(lambda: all(ended(pid) for pid in (keeper, *parts)), "all processes are gone")
    assert not folder.exists()


def test_a_killed_keeper_takes_its_parts_along_and_the_next_start_removes_its_folder() -> None:
    with start() as sandbox:
        parts = [part.pid for part in sandbox.parts().values() if part.pid is not None]
        os.kill(sandbox.keeper_pid, signal.SIGKILL)
        until(lambda: all(ended(pid) for pid in parts), "the parts are gone")
        assert sandbox.directory.exists()
        with pytest.raises(NotRunning, match="keeper ended with code -9"):
            sandbox.parts()

    # What every start of a sandbox does first.
    claim(None).give_up()
    assert not sandbox.directory.exists()


def test_two_run_side_by_side(sandbox: Sandbox, apart: Sandbox) -> None:
    assert sandbox.directory != apart.directory
    assert sandbox.api_server != apart.api_server
    both = [*sandbox.parts().values(), *apart.parts().values()]
    assert len({part.pid for part in both}) == 10
    assert sandbox.trouble() == apart.trouble() == []


def test_a_part_that_dies_is_reported_by_name_with_the_end_of_its_log(apart: Sandbox) -> None:
    pid = apart.part("dex").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: bool(apart.trouble()), "the keeper has noticed")

    [trouble] = apart.trouble()
    assert trouble.startswith("dex ended with signal 9. The end of its log")
    assert apart.part("dex").log in trouble
    assert "listening on" in trouble
    with pytest.raises(PartFailed, match="dex ended with signal 9"):
        apart.id_token("jane")

    apart.start("dex")
    assert apart.trouble() == []


def test_an_unknown_part_is_refused_with_the_names_of_those_that_are(apart: Sandbox) -> None:
    with pytest.raises(SandboxError, match=r"no part 'scheduler', only .*etcd"):
        apart.stop("scheduler")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
