"""What each kubectl call costs while the credential lasts: one short start of Python, and no network."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jwt_to_rbac.client.cache import Cache
from jwt_to_rbac.client.session import exec_credential
from jwt_to_rbac.client.target import Target

pytestmark = pytest.mark.quiet

ROUNDS = 25
BOUND = 2.0
"""Times a bare start of the same Python, at the median of the same run."""

PLUGIN = str(Path(sys.executable).with_name("jwt-to-rbac"))
NOWHERE = Target("https://192.0.2.1")  # RFC 5737: an address that is nobody's


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine with a credential for an hour."""
    found = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    found["KUBERNETES_EXEC_INFO"] = '{"spec": {"interactive": false}}'
    end = int(time.time()) + 3600
    Cache(NOWHERE.folder(found)).write_credential(end, exec_credential("the-token", end))
    return found


def run(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return time.perf_counter() - began, done.stdout


def test_the_cached_path_takes_at_most_twice_a_bare_start_of_python(
    environment: dict[str, str],
) -> None:
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(run([sys.executable, "-I", "-c", "pass"], environment)[0])
        # A shell, as each kubectl is a process of its own: who asks twice asks for another token.
        ours.append(run([PLUGIN, "credential", *NOWHERE.arguments()], environment)[0])
        (Path(NOWHERE.folder(environment)) / "handed-out").unlink()
    ratio = statistics.median(ours) / statistics.median(bare)
    assert ratio <= BOUND, f"{statistics.median(ours):.4f} s, {ratio:.2f} times a bare start"


def test_the_cached_path_opens_no_socket_and_imports_next_to_nothing(
    environment: dict[str, str],
) -> None:
    script = (
        "import sys; before = set(sys.modules); calls = []\n"
        "sys.addaudithook(lambda event, _: calls.append(event))\n"
        "from jwt_to_rbac.cli.entry import main\n"
        f"sys.argv[1:] = ['credential', *{NOWHERE.arguments()!r}]\n"
        "try:\n    main()\nexcept SystemExit as e:\n    assert not e.code\n"
        "print(sorted(e for e in calls if e.startswith(('socket.', 'subprocess.', 'os.fork'))))\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    document, sockets, modules = run([sys.executable, "-c", script], environment)[1].splitlines()
    assert "the-token" in document
    assert sockets == "[]"
    assert modules.split() == [
        "jwt_to_rbac",
        "jwt_to_rbac.cli",
        "jwt_to_rbac.cli.credential",
        "jwt_to_rbac.cli.entry",
        "jwt_to_rbac.client",
        "jwt_to_rbac.client.handed_out",
        "jwt_to_rbac.client.target",
    ]
