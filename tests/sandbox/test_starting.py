"""What happens when a part cannot start: tried again if that helps, else said and cleaned up."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import SandboxError, start
from jwt_to_rbac.sandbox.builds import ensure_programs


@pytest.fixture
def own_dex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a shell script in Dex's place; `$DEX` in it is the real one."""

    def put(body: str) -> None:
        program = tmp_path / "dex"
        program.write_text(f"#!/bin/sh\nDEX={ensure_programs()['dex']}\n{body}\n")
        program.chmod(0o755)
        monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))

    return put


def test_a_port_that_somebody_took_first_is_cured_by_other_ports(
    own_dex: Callable[[str], None], tmp_path: Path
) -> None:
    marker = tmp_path / "tried"
    own_dex(
        f"if [ -e {marker} ]; then exec $DEX $@; fi\ntouch {marker}\n"
        "echo 'listen tcp 127.0.0.1:5556: bind: address already in use'; exit 2"
    )
    with start() as sandbox:
        assert marker.exists()
        assert sandbox.id_token("jane")


def test_a_part_that_dies_at_the_start_is_explained_and_nothing_is_left(
    own_dex: Callable[[str], None],
) -> None:
    own_dex("echo 'no such connector: tin-can'; exit 3")
    with pytest.raises(SandboxError) as failure, start():
        pytest.fail("it must not start")

    message = str(failure.value)
    assert message.startswith("dex ended with exit code 3. The end of its log")
    assert "  | no such connector: tin-can" in message
    logs = re.search(r"its log \((.+); kept as (.+)\)", message)
    assert logs is not None
    assert not Path(logs[1]).parents[1].exists()
    assert "tin-can" in Path(logs[2]).read_text()
