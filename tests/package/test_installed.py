"""Installed by uv into an environment of its own, away from the repository, it works: lean for
people, whole for the server."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from jwt_to_rbac.cli.main import _COMMANDS, _SERVER
from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client, client, issuer
from tests.package.building import ROOT, build, constraints, environment, run

__all__ = ["client", "issuer"]

MOST_FOR_PEOPLE = 30 * 2**20
"""Bytes that `uv tool install jwt-to-rbac` may take: it measured 16 MB; the server's packages
alone are 200, so whatever of them comes along is noticed."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))[0]


@pytest.fixture(scope="module")
def lean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `uv tool install` puts on people's PATH."""
    folder = tmp_path_factory.mktemp("tool")
    places = {"UV_TOOL_DIR": str(folder / "tools"), "UV_TOOL_BIN_DIR": str(folder / "bin")}
    pins = ["--constraints", constraints(folder)]
    run("uv", "tool", "install", "--quiet", *pins, wheel, folder=folder, **places)
    return folder / "bin"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Somebody's environment with nothing in it."""
    path = f"{tmp_path}{os.pathsep}{environment()['PATH']}"
    return {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig"), "PATH": path}


def size(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


def test_people_get_the_command_kubectls_plugin_its_completion_and_little_else(lean: Path) -> None:
    names = {"jwt-to-rbac", "kubectl-jwt_to_rbac", "kubectl_complete-jwt_to_rbac"}
    assert {one.name for one in lean.iterdir()} == names
    assert size(lean.parent / "tools") < MOST_FOR_PEOPLE


@pytest.mark.parametrize(
    "command",
    [name for title, commands in _COMMANDS.items() if title != _SERVER for name in commands],
)
def test_a_command_for_people_needs_none_of_the_servers_packages(
    lean: Path, home: dict[str, str], command: str, tmp_path: Path
) -> None:
    said = run(lean / "jwt-to-rbac", command, "--help", folder=tmp_path, **home)
    assert said.startswith(f"Usage: jwt-to-rbac {command}")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_all_commands_without_the_servers_packages(
    lean: Path, home: dict[str, str], shell: str, tmp_path: Path
) -> None:
    said = run(lean / "jwt-to-rbac", "completion", shell, folder=tmp_path, **home)
    assert all(name in said for commands in _COMMANDS.values() for name in commands)


@pytest.mark.parametrize(
    "arguments",
    [["serve"], ["config", "check"], ["explain", "--config", "x.yaml"]],
    ids=["serve", "config", "explain"],
)
def test_a_command_of_the_server_says_what_to_install(
    lean: Path, home: dict[str, str], arguments: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [lean / "jwt-to-rbac", *arguments], env=home, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == (
        "jwt-to-rbac: This needs the server's packages, which aren't installed here: "
        "pip install 'jwt-to-rbac[server]'.\n"
    )


def test_kubectl_finds_the_plugin_by_its_name(
    lean: Path, home: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    path = f"{lean}{os.pathsep}{home['PATH']}"
    asked = [sandbox.kubectl, "jwt-to-rbac", "--version"]
    assert run(*asked, folder=tmp_path, **home | {"PATH": path}) == f"{version('jwt-to-rbac')}\n"


def test_the_plugin_shows_a_person_of_the_real_server_in_yaml(
    lean: Path, home: dict[str, str], client: Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    token = tmp_path / "id-token"
    token.write_text(sandbox.id_token("jane"))
    asked = ["explain", "--server", client.server.url, "--token-file", token, "-o", "yaml"]
    said = yaml.safe_load(run(lean / "kubectl-jwt_to_rbac", *asked, folder=tmp_path, **home))
    assert said["person"]["username"] == sandbox.people["jane"].email
    assert {grant["clusterRole"] for grant in said["grants"]} == {"admin", "developers-from-jwt"}


def test_the_plugin_of_krew_is_one_file_that_works_alone(
    home: dict[str, str], client: Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    run("make", "--no-print-directory", "plugin", f"DIST={tmp_path}", "URL=https://example.org/v1")
    [archive] = tmp_path.glob("*.tar.gz")
    manifest = yaml.safe_load((tmp_path / "jwt-to-rbac.yaml").read_text())
    [place] = manifest["spec"]["platforms"]
    assert place["uri"] == f"https://example.org/v1/{archive.name}"
    assert run("sha256sum", archive).split()[0] == place["sha256"]
    run("tar", "xzf", archive, place["bin"], folder=tmp_path)
    assert (
        run(sandbox.kubectl, "jwt-to-rbac", "--version", folder=tmp_path, **home)
        == f"{version('jwt-to-rbac')}\n"
    )
    token = tmp_path / "id-token"
    token.write_text(sandbox.id_token("jane"))
    asked = ["explain", "--server", client.server.url, "--token-file", token, "-o", "name"]
    said = run(tmp_path / place["bin"], *asked, folder=tmp_path, **home)
    assert said == "janedoe-example-com\n"


def test_with_the_extra_it_serves(
    wheel: Path, sandbox: Sandbox, home: dict[str, str], tmp_path: Path
) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    run("uv", "venv", "--quiet", tmp_path / "venv")
    pins = ["--constraints", constraints(tmp_path)]
    run("uv", "pip", "install", "--quiet", "--python", python, *pins, f"{wheel}[server]")
    checked = [python.with_name("jwt-to-rbac"), "config", "check", "--config"]
    said = run(*checked, ROOT / "deploy" / "config.yaml", folder=tmp_path, **home)
    assert "no mistakes" in said
