"""Something is away: what lasts goes on working, and what doesn't is said in one line."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Options, Sandbox, start
from tests.plugin.conftest import for_people
from tests.support.cluster import install
from tests.support.machine import Ended, Machine
from tests.support.server import Server, running_server

_numbers = count()


@pytest.fixture(scope="module")
def dex() -> Iterator[Sandbox]:
    """An issuer that tests may stop: a new start gives it new keys, which others would notice."""
    with start(Options(directory="built-in", control_plane=False)) as running:
        yield running


@pytest.fixture
def own_server(sandbox: Sandbox, dex: Sandbox, tmp_path: Path) -> Iterator[Server]:
    """One that a test may end, too."""
    install(sandbox)
    with running_server(for_people(sandbox, "stdout", dex), tmp_path) as server:
        yield server


@pytest.fixture
def machine(sandbox: Sandbox, dex: Sandbox, own_server: Server, tmp_path: Path) -> Machine:
    person = dex.add_person(f"away{next(_numbers)}", groups=("developers",))
    (tmp_path / "home").mkdir()
    return Machine(tmp_path / "home", sandbox, person, own_server.url)


def end(server: Server) -> None:
    server.process.terminate()
    server.process.wait(20)


def one_line(ended: Ended) -> str:
    """The plugin's line of what kubectl wrote."""
    assert "Traceback" not in ended.err
    [line] = [line for line in ended.err.splitlines() if line.startswith("jwt-to-rbac: ")]
    assert len(line) < 250
    return line


def test_while_a_credential_lasts_neither_server_nor_issuer_is_needed(
    machine: Machine, own_server: Server, dex: Sandbox
) -> None:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    end(own_server)
    dex.stop("dex")
    try:
        silent = machine.kubectl("get", "pods", "-A", terminal=False)
        assert (silent.code, silent.err) == (0, "No resources found\n")
    finally:
        dex.start("dex")


def test_a_server_that_is_away_is_said_and_opens_no_window(
    machine: Machine, own_server: Server
) -> None:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    end(own_server)
    machine.let_it_expire()
    machine.change_state(token_expires=1.0)
    away = machine.kubectl("get", "pods", "-A")
    assert away.code != 0
    assert f"{own_server.url} can't be reached: Connection refused" in one_line(away)
    assert len(machine.addresses()) == 1


def test_a_token_that_is_good_for_some_seconds_more_is_used_while_the_server_is_away(
    machine: Machine, own_server: Server
) -> None:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    end(own_server)
    machine.let_it_expire()
    done = machine.kubectl("get", "pods", "-A", terminal=False)
    assert done.code == 0, done.err


def test_an_issuer_that_is_away_is_said_and_the_login_is_kept(
    machine: Machine, dex: Sandbox
) -> None:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    machine.let_it_expire()
    before = machine.state()
    machine.change_state(token_expires=1.0)
    dex.stop("dex")
    try:
        away = machine.kubectl("get", "pods", "-A")
    finally:
        dex.start("dex")
    assert "can't be reached" in one_line(away)
    assert len(machine.addresses()) == 1
    assert machine.state()["refresh_token"] == before["refresh_token"]


def test_a_login_that_the_issuer_no_longer_renews_is_begun_anew(
    machine: Machine, sandbox: Sandbox, dex: Sandbox, tmp_path: Path
) -> None:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    # Dex keeps one refresh token for a person and a client: the second machine's is the one.
    (tmp_path / "second").mkdir()
    name = machine.environment["WHO"].partition("@")[0]
    second = Machine(tmp_path / "second", sandbox, dex.people[name], machine.server)
    second.set_up()
    assert second.kubectl("get", "pods", "-A").code == 0
    # That alone ends nothing here.
    assert machine.kubectl("get", "pods", "-A", terminal=False).code == 0
    machine.let_it_expire()
    script = machine.kubectl("get", "pods", "-A", terminal=False)
    assert "doesn't renew your login any more" in one_line(script)
    again = machine.kubectl("get", "pods", "-A")
    assert again.code == 0, again.err
    assert (len(machine.addresses()), len(second.addresses())) == (2, 1)


def test_an_answer_that_is_not_ours_is_said_as_such(machine: Machine, sandbox: Sandbox) -> None:
    machine.set_up()
    kubeconfig = machine.home / ".kube" / "config"
    kubeconfig.write_text(kubeconfig.read_text().replace(machine.server, sandbox.issuer))
    wrong = machine.kubectl("get", "pods", "-A")
    assert "Is the address right?" in one_line(wrong)
    assert machine.addresses() == []


def test_a_half_written_cache_is_as_none(machine: Machine) -> None:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    for name in ("credential", "state.json", "handed-out"):
        (machine.folder() / name).write_text('{"half')
    assert machine.kubectl("get", "pods", "-A").code == 0
    assert len(machine.addresses()) == 2
    assert json.loads((machine.folder() / "state.json").read_text())["session"]
