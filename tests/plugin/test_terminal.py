"""A person at a terminal of 80 columns: what they see fits, and Ctrl-C leaves terminal and cache whole."""

import os
import signal
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugin.conftest import Product
from tests.support.machine import Machine
from tests.support.terminal import COLUMNS, at_a_terminal
from tests.support.waiting import eventually


def seen(machine: Machine, *command: str, code: int = 0) -> str:
    """The screen after a command that ended with this code."""
    screen = at_a_terminal(machine.environment, *command)
    assert screen.ended() == code, screen.text
    os.close(screen.terminal)
    assert "Traceback" not in screen.text
    return screen.text


def fits(text: str) -> None:
    # A path or URL that is longer than a line is one word, and stays so.
    for line in text.splitlines():
        assert len(line) <= COLUMNS or len(line.split()) == 1, line
    assert len(text.splitlines()) < 24, "one screen"
    assert "\x1b" not in text


def test_what_people_see_fits_a_terminal_of_eighty_columns(
    machine: Machine, product: Product, tmp_path: Path
) -> None:
    fits(seen(machine, "jwt-to-rbac", "login", "--server", machine.server))
    name = machine.state()["account"]
    boss = tmp_path / "boss"
    boss.write_text(product.admin)
    token = ["--token-file", str(boss)]
    fits(seen(machine, "jwt-to-rbac", "whoami"))
    table = seen(machine, "jwt-to-rbac", "sessions")
    fits(table)
    assert table.splitlines()[1].endswith("here")
    fits(seen(machine, "jwt-to-rbac", "people", "--search", name, *token))
    fits(seen(machine, "jwt-to-rbac", "people", name, *token))
    fits(seen(machine, "jwt-to-rbac", "who-can", "get", "secrets", *token))
    fits(seen(machine, "jwt-to-rbac", "explain", "--server", machine.server))
    fits(seen(machine, "jwt-to-rbac", "people", code=2))
    fits(seen(machine, "jwt-to-rbac", "suspend", name, *token))
    fits(seen(machine, "jwt-to-rbac", "resume", name, *token))
    fits(seen(machine, "jwt-to-rbac", "revoke", name, *token))
    fits(seen(machine, "jwt-to-rbac", "kubeconfig"))
    fits(seen(machine, "jwt-to-rbac", "logout"))
    fits(seen(machine, "jwt-to-rbac", "whoami", code=3))


@pytest.mark.parametrize(
    ("command", "waits"),
    [
        pytest.param(["login"], "with your browser", id="browser"),
        pytest.param(["login", "--device"], "Never use one", id="device"),
    ],
)
def test_ctrl_c_in_a_login_leaves_terminal_and_cache_as_they_were(
    machine: Machine, command: list[str], waits: str
) -> None:
    seen(machine, "jwt-to-rbac", "login", "--server", machine.server)
    before = machine.state()
    machine.nobody_there()
    screen = at_a_terminal(machine.environment, "jwt-to-rbac", *command)
    assert screen.shows(waits), screen.text
    os.write(screen.terminal, b"\x03")  # as the key does it: the terminal sends the signal
    assert screen.ended() == 130
    assert "Traceback" not in screen.text
    assert termios.tcgetattr(screen.terminal) == screen.before
    os.close(screen.terminal)
    assert machine.state() == before
    assert not list(machine.folder().glob("*.new"))
    assert machine.kubectl("get", "pods", "-A", terminal=False).code == 0


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["whoami"], id="whoami"),
        pytest.param(["sessions"], id="sessions"),
        pytest.param(["people"], id="people"),
        pytest.param(["revoke", "somebody"], id="revoke"),
        pytest.param(["logout"], id="logout"),
        pytest.param(["kubeconfig"], id="kubeconfig"),
    ],
)
def test_ctrl_c_while_a_server_hangs_ends_a_command_quietly(
    machine: Machine, product: Product, command: list[str]
) -> None:
    seen(machine, "jwt-to-rbac", "login", "--server", machine.server)
    before, kubeconfig = machine.state(), (machine.home / ".kube" / "config").read_text()
    product.server.process.send_signal(signal.SIGSTOP)
    try:
        screen = at_a_terminal(machine.environment, "jwt-to-rbac", *command)
        assert eventually(lambda: asks(screen.process.pid, machine.server), 30), screen.read()
        os.write(screen.terminal, b"\x03")
        assert screen.ended() == 130
    finally:
        product.server.process.send_signal(signal.SIGCONT)
    assert "Traceback" not in screen.text
    assert termios.tcgetattr(screen.terminal) == screen.before
    os.close(screen.terminal)
    assert machine.state() == before
    assert (machine.home / ".kube" / "config").read_text() == kubeconfig
    assert not list((machine.home / ".kube").glob("*.lock"))


def asks(pid: int, server: str) -> bool:
    """Whether the process has a connection to the server's port."""
    port = f":{int(server.rpartition(':')[2]):04X}"
    sockets = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(str(handle.readlink()).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    return any(
        line.split()[2].endswith(port) and line.split()[3] == "01" and line.split()[9] in sockets
        for line in lines
    )


@pytest.fixture
def off_by_minutes(machine: Machine) -> Callable[[float], None]:
    """Has every Python of the machine see another time, as a clock that is off would show it."""

    def set_clock(seconds: float) -> None:
        folder = machine.home / "clock"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(
            f"import time\nreal = time.time\ntime.time = lambda: real() + {seconds}\n"
        )
        machine.environment["PYTHONPATH"] = str(folder)

    return set_clock


@pytest.mark.parametrize(("off", "word"), [(-600.0, "slow"), (600.0, "fast")], ids=["slow", "fast"])
def test_a_clock_ten_minutes_off_is_told_and_locks_nobody_out(
    machine: Machine, off_by_minutes: Callable[[float], None], off: float, word: str
) -> None:
    off_by_minutes(off)
    said = seen(machine, "jwt-to-rbac", "login", "--server", machine.server)
    fits(said)
    assert f"This machine's clock is about 10 min {word}." in said
    assert "kubectl's credential lasts 59m" in said or "lasts 60m" in said
    assert f"10 min {word}" in seen(machine, "jwt-to-rbac", "whoami")
    told = machine.state()["token_expires"]
    assert 3500 < told - time.time() < 3700, "the server's time"
    assert len(machine.addresses()) == 1
