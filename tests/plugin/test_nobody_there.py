"""Nobody answers: scripts, nights, machines without a browser. No window too many, no wait without end."""

import json
import os
import pty
import signal
import subprocess
import termios
import time
import tty
from itertools import pairwise
from pathlib import Path

import pytest

from jwt_to_rbac.client import plugin
from jwt_to_rbac.client.cache import Cache
from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.errors import LoginNeeded
from jwt_to_rbac.client.handed_out import Credential
from jwt_to_rbac.client.log_in_at_issuer import Person
from jwt_to_rbac.client.session import Session
from jwt_to_rbac.client.target import Target
from tests.plugin.conftest import Product
from tests.support.machine import Machine
from tests.support.waiting import eventually


def test_a_script_gets_a_clear_message_and_never_a_browser(machine: Machine) -> None:
    machine.set_up()
    done = machine.kubectl("get", "pods", terminal=False)
    assert done.code != 0
    assert "You are not logged in here. kubectl says that nobody can be asked" in done.err
    assert f"Run `jwt-to-rbac login --server={machine.server}`" in done.err
    assert machine.addresses() == []
    assert done.out == ""


def abandoned(machine: Machine) -> int:
    """A call that opens a window at most, and is killed as soon as it waits; how many there are."""
    before = len(machine.addresses())
    call = machine.start("kubectl", "get", "pods", terminal=True)
    assert eventually(lambda: call.poll() is not None or len(machine.addresses()) > before, 30)
    call.kill()
    machine.wait(call)
    return len(machine.addresses())


def test_logins_that_nobody_answers_do_not_pile_up_windows(machine: Machine) -> None:
    # kubelogin 1330, headlamp 4018: hundreds of tabs overnight.
    machine.set_up()
    machine.nobody_there()
    assert abandoned(machine) == 1
    assert eventually(lambda: not holder(machine))
    for _ in range(3):
        assert abandoned(machine) == 1
    blocked = machine.kubectl("get", "pods")
    assert "The last login came to nothing" in blocked.err
    assert "jwt-to-rbac login" in blocked.err


def test_a_night_of_calls_opens_three_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each ten seconds for ten hours, by a clock that is set: the rule alone, without a browser."""
    now = [1_000_000.0]
    opened: list[float] = []

    class Nobody(Session):
        def log_in(self, person: Person, anybody: bool = True) -> Credential:
            opened.append(now[0])
            self.state.windows, self.state.window_at = self.state.windows + 1, now[0]
            cache.write_state(self.state)
            now[0] += 180
            raise LoginNeeded("Nobody logged in within 3 min.")

    target = Target("https://s")
    cache = Cache(str(tmp_path / "a" / "b" / "c"))
    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr(plugin, "opener", lambda *_: ["browser"])
    session = Nobody(target, cache, ServerClock())
    while now[0] < 1_000_000 + 36_000:
        session.state = cache.state()  # as each call finds it
        with pytest.raises(LoginNeeded):
            plugin._log_in(session, target, True, LoginNeeded("Over."))
        now[0] += 10
    assert len(opened) == 3
    assert all(later - sooner >= 120 for sooner, later in pairwise(opened))


def test_those_who_wait_for_a_login_that_fails_open_no_window_of_their_own(
    machine: Machine,
) -> None:
    machine.set_up()
    machine.environment["PASSWORD"] = "wrong"
    machine.nobody_there()
    calls = [machine.start("kubectl", "get", "pods", terminal=True) for _ in range(5)]
    assert eventually(lambda: len(machine.addresses()) == 1, 30)
    opener = eventually(lambda: holder(machine))
    assert opener
    os.kill(opener, signal.SIGTERM)
    ended = [machine.wait(call) for call in calls]
    assert all(e.code != 0 for e in ended)
    assert len(machine.addresses()) == 1


def holder(machine: Machine) -> int:
    """The process that holds the login's lock; 0 if nobody does."""
    inode = (machine.folder() / "lock").stat().st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        # proc(5): "1: FLOCK ADVISORY WRITE 1234 fd:00:5678 0 EOF"; "->" marks those who wait.
        _, kind, _, _, pid, where, *_ = line.replace("-> ", "").split()
        if kind == "FLOCK" and "->" not in line and where.endswith(f":{inode}"):
            return int(pid)
    return 0


def test_ctrl_c_leaves_the_cache_whole_and_the_next_call_asks_again(machine: Machine) -> None:
    machine.set_up()
    who = machine.environment["WHO"]
    machine.nobody_there()
    call = machine.start("kubectl", "get", "pods", "-A", terminal=True)
    assert eventually(machine.addresses, 30)
    os.killpg(call.pid, signal.SIGINT)
    ended = machine.wait(call)
    assert ended.code != 0
    assert "Traceback" not in ended.err
    assert eventually(lambda: not holder(machine))
    assert not list(machine.folder().glob("*.new"))
    machine.environment["WHO"] = who
    again = machine.kubectl("get", "pods", "-A")
    assert again.code == 0, again.err
    assert len(machine.addresses()) == 2


def test_without_a_browser_a_code_is_told_on_the_terminal(
    machine: Machine, product: Product
) -> None:
    # kubelogin 717.
    machine.set_up()
    del machine.environment["BROWSER"]
    machine.environment["SSH_CONNECTION"] = "10.0.0.1 1 10.0.0.2 22"
    call = machine.start("kubectl", "get", "pods", terminal=True)
    assert call.stderr
    said = "".join(call.stderr.readline() for _ in range(5))
    assert f"{product.sandbox.issuer}/device?user_code=" in said
    assert "Enter the code" in said
    call.kill()
    machine.wait(call)


def test_where_a_program_draws_on_the_screen_nothing_is_written_over_it(machine: Machine) -> None:
    # pinniped 1868: k9s.
    machine.set_up()
    machine.nobody_there()
    arguments = ["jwt-to-rbac", "credential", *machine.target().arguments()]
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    machine.environment["KUBERNETES_EXEC_INFO"] = json.dumps({"spec": {"interactive": True}})
    process = subprocess.Popen(
        arguments,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=machine.environment,
        start_new_session=True,
    )
    try:
        assert eventually(machine.addresses, 30)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert not termios.tcgetattr(theirs)[3] & termios.ICANON, "the terminal is as it was"
        os.set_blocking(ours, False)
        with pytest.raises(BlockingIOError):
            os.read(ours, 1)
    finally:
        process.kill()
        process.communicate()
        os.close(ours)
        os.close(theirs)


def test_the_lock_is_each_persons_own(machine: Machine) -> None:
    # kubelogin 421: a lock in /tmp that the first user of a machine owned.
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    assert (machine.folder() / "lock").is_relative_to(machine.home)
    machine.environment["XDG_CACHE_HOME"] = str(machine.home / "elsewhere")
    assert str(machine.folder()).startswith(str(machine.home / "elsewhere"))
