"""`jwt-to-rbac sandbox up`, `env` and `down`, as a person at a shell uses them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.cli.sandbox import exports
from jwt_to_rbac.sandbox import Sandbox

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """Runs `jwt-to-rbac sandbox …` on a folder of this test's own, which is down afterwards."""
    program = Path(sys.executable).with_name("jwt-to-rbac")

    def run(verb: str) -> subprocess.CompletedProcess[str]:
        arguments = [str(program), "sandbox", verb, "--dir", str(tmp_path / "sandbox")]
        return subprocess.run(arguments, capture_output=True, text=True)

    yield run
    run("down")


def test_up_env_and_down_work_from_a_shell(command: Command, tmp_path: Path) -> None:
    up = command("up")
    assert up.returncode == 0, up.stderr
    assert f'eval "$(jwt-to-rbac sandbox env --dir {tmp_path / "sandbox"})"' in up.stdout

    shell = f"{command('env').stdout}\nkubectl get namespace default -o name; echo $OIDC_USER_JANE"
    seen = subprocess.run(["sh", "-c", shell], capture_output=True, text=True)
    assert seen.stdout.split() == ["namespace/default", "janedoe@example.com"], seen.stderr

    again = command("up")
    assert again.returncode == 1
    assert "a sandbox runs in" in again.stderr
    assert "Traceback" not in again.stderr

    down = command("down")
    assert down.returncode == 0, down.stderr
    assert not (tmp_path / "sandbox").exists()


@pytest.mark.parametrize("verb", ["env", "down"])
def test_without_a_sandbox_the_answer_says_how_to_start_one(command: Command, verb: str) -> None:
    answer = command(verb)
    assert answer.returncode == 1
    assert "Start one: jwt-to-rbac sandbox up --dir" in answer.stderr


def test_evaluating_the_exports_twice_lengthens_the_path_once(sandbox: Sandbox) -> None:
    once = exports(sandbox.facts, "/usr/bin")["PATH"]
    assert once == f"{sandbox.kubectl.parent}{os.pathsep}/usr/bin"
    assert exports(sandbox.facts, once)["PATH"] == once
