"""The README: every command in it is run as it stands there, every configuration is loaded."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox.server import running_server
from jwt_to_rbac.settings.load import load
from tests.demo.running import Finished, running_demo

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SERVE = "jwt-to-rbac serve --config config.yaml"
LOG_IN = """\
curl -sSf "$JWT_TO_RBAC/rbac/" --data "{\\"token\\": \\"$(id_token jane)\\"}"
TOKEN=$(curl -sSf "$JWT_TO_RBAC/tokens/janedoe-example-com" -H "Authorization: Bearer $(id_token jane)" |
  sed 's/.*"token":"\\([^"]*\\)".*/\\1/' | base64 -d)"""


@dataclass(frozen=True)
class Block:
    """A fenced block: the heading above it, its language, its text."""

    under: str
    language: str
    text: str


def blocks() -> list[Block]:
    found: list[Block] = []
    under = ""
    for match in re.finditer(
        r"^## (?P<head>[^\n]+)|^```(?P<kind>\w*)\n(?P<text>.*?)^```",
        README,
        re.MULTILINE | re.DOTALL,
    ):
        under = match["head"] or under
        if match["text"] is not None:
            found.append(Block(under, match["kind"], match["text"]))
    return found


def block(under: str, language: str) -> str:
    """The one block of a language below a heading."""
    [text] = [b.text for b in blocks() if (b.under, b.language) == (under, language)]
    return text


@dataclass(frozen=True)
class Shell:
    """A shell beside a running demo that has read the file which the demo names.

    `commands` are those that the demo invites to type.
    """

    file: str
    commands: list[str]

    def run(self, script: str, folder: Path) -> str:
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", f". {self.file}\n{script}"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    """`make demo`, until it goes on running; at last it is ended by Ctrl-C."""
    with running_demo() as demo:
        line = demo.until(lambda line: line.startswith("    . "))
        assert line, "".join(demo.lines)
        invited = len(demo.lines)
        assert demo.until(lambda line: line.startswith("Ctrl-C"))
        commands = [line.strip() for line in demo.lines[invited:-1] if line.strip()]
        yield Shell(line.removeprefix(". "), commands)
        ended = demo.end(signal.SIGINT)
    assert ended.code == 0
    assert not Path(line.removeprefix(". ")).exists()


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    assert [(b.under, b.language) for b in blocks()] == [
        ("See it work", "sh"),  # make demo
        ("See it work", "sh"),  # make test
        ("What happens", "text"),  # the picture
        ("What happens", "text"),  # what the demo prints
        ("The HTTP API", "sh"),
        ("On a cluster of your own", "yaml"),
        ("On a cluster of your own", "sh"),
    ]


def test_make_knows_the_commands_of_the_readme() -> None:
    named = set(re.findall(r"make (?!sets)(\w+(?: \w+=\w+)?)", README))
    assert {"demo", "test", "demo ONCE=1", "demo CLUSTER=current"} <= named
    for command in named:
        # -n prints what it would do, and does nothing.
        run = subprocess.run(
            ["make", "-n", *command.split()], cwd=ROOT, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr
        wanted = {"demo ONCE=1": "--once", "demo CLUSTER=current": "--cluster current"}
        assert wanted.get(command, "") in run.stdout


def test_the_demo_prints_what_the_readme_says(told_once: Finished) -> None:
    said = [b.text for b in blocks() if b.language == "text"][1]
    told = [line.split() for line in without_times(told_once.output).splitlines()]
    for line in without_times(said).splitlines():
        if line.strip() != "…":
            assert line.split() in told, line


def without_times(text: str) -> str:
    return re.sub(r"\d+ ?m?s\b", "#s", text)


def test_the_api_is_used_as_the_readme_says(shell: Shell, tmp_path: Path) -> None:
    said = shell.run(block("The HTTP API", "sh"), tmp_path)
    assert '"ServiceAccount":"janedoe-example-com"' in said
    left = shell.run('kubectl --kubeconfig "$ADMIN_KUBECONFIG" get accessgrants -o name', tmp_path)
    assert left == "", "DELETE left something"


def test_the_configuration_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(block("On a cluster of your own", "yaml"))
    loaded = load(file, {}, ())
    assert not loaded.warnings
    assert [rule.name for rule in loaded.settings.policy.rules] == ["admins", "developers"]


def test_it_is_installed_as_the_readme_says(shell: Shell, tmp_path: Path) -> None:
    configuration = block("On a cluster of your own", "yaml")
    (tmp_path / "config.yaml").write_text(configuration)
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    as_administrator = 'export KUBECONFIG="$ADMIN_KUBECONFIG"\n'
    commands = block("On a cluster of your own", "sh")
    assert commands.rstrip().endswith(SERVE)
    said = shell.run(as_administrator + commands.replace(SERVE, ""), tmp_path)
    assert "no mistakes" in said
    assert "accessgrants.jwt-to-rbac.io" in said
    # The last command goes on running; it is started here on a port that is surely free.
    kubeconfig = shell.run('printf %s "$ADMIN_KUBECONFIG"', tmp_path)
    assert "127.0.0.1:5555" in configuration
    at_a_free_port = configuration.replace("127.0.0.1:5555", "127.0.0.1:{port}")
    with pytest.MonkeyPatch.context() as environment:
        environment.setitem(os.environ, "KUBECONFIG", kubeconfig)
        with running_server(at_a_free_port, tmp_path) as server:
            assert server.process.poll() is None


def test_the_commands_that_the_demo_names_do_what_it_says(shell: Shell, tmp_path: Path) -> None:
    # Whatever other tests did to jane: she is logged in again, as the demo left her.
    shell.run(f"{LOG_IN}\nkubectl config set-credentials jane --token=$TOKEN", tmp_path)
    assert len(shell.commands) == 6
    for command in shell.commands:
        if command == "kubectl get nodes":
            shell.run(f"! {command}", tmp_path)
        else:
            shell.run(command, tmp_path)
    left = shell.run('kubectl --kubeconfig "$ADMIN_KUBECONFIG" get accessgrants -o name', tmp_path)
    assert left == ""
