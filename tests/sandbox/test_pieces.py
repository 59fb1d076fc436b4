"""The sandbox's small parts, each promise without a whole cluster."""

import socket
import stat
import sys
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import ports as ports_module
from jwt_to_rbac.sandbox.certificates import write_pki
from jwt_to_rbac.sandbox.errors import FolderTaken, PartFailed
from jwt_to_rbac.sandbox.folders import claim, keeper_of
from jwt_to_rbac.sandbox.part import Part, Recipe
from jwt_to_rbac.sandbox.ports import Ports


def test_sandboxes_that_start_together_never_share_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Ports(), Ports()
    mine, theirs = first.take(), second.take()
    second.release()
    # Every port but one is taken, and that one is what the other must find.
    monkeypatch.setattr(ports_module, "RANGE", (mine, theirs))
    assert second.take() == theirs
    first.release()
    second.release()


def test_a_port_that_a_stranger_listens_on_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = Ports()
    free = ports.take()
    ports.release()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        monkeypatch.setattr(ports_module, "RANGE", (stranger.getsockname()[1], free))
        assert ports.take() == free
        ports.release()


async def test_a_part_whose_port_was_taken_says_so(tmp_path: Path) -> None:
    program = "import sys; sys.exit('bind: address already in use')"
    with pytest.raises(PartFailed, match="clumsy ended with exit code 1") as failure:
        await Part(recipe(program), tmp_path).start()
    assert failure.value.port_taken
    assert "  | bind: address already in use" in str(failure.value)


async def test_a_part_that_never_gets_ready_is_given_up_with_its_log(tmp_path: Path) -> None:
    program = "import time; print('warming up', flush=True); time.sleep(60)"
    part = Part(recipe(program, patience=0.5), tmp_path)
    with pytest.raises(PartFailed, match="clumsy was not ready after 0") as failure:
        await part.start()
    await part.stop()
    assert not failure.value.port_taken
    assert part.state.pid is None


def test_a_folder_with_somebody_s_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FolderTaken, match="holds files that no sandbox made"):
        claim(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_folder_has_one_keeper_at_a_time_and_may_be_had_again_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "sandbox"
    first = claim(folder)
    assert keeper_of(folder) is not None
    with pytest.raises(FolderTaken, match="a sandbox runs in"):
        claim(folder)
    first.give_up()
    assert not folder.exists()

    again = claim(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again.give_up()


def test_private_keys_are_for_their_owner_s_eyes_only(tmp_path: Path) -> None:
    write_pki(tmp_path / "pki")
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "pki").iterdir()}
    assert modes == {0o600}


def recipe(program: str, patience: float = 30.0) -> Recipe:
    async def never() -> bool:
        return False

    return Recipe("clumsy", (sys.executable, "-c", program), {}, never, patience)
