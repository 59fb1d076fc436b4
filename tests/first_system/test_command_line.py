"""Started as the first system's binary was, without a subcommand, it serves; each test is a real process."""

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.first_system.conftest import environment, file, put, told
from tests.support.server import free_port, running


@dataclass(frozen=True)
class Start:
    """One way to start it, in the folder `at`."""

    at: Path
    arguments: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


Way = Callable[[Sandbox, int, Path], Start]


def by_flags_and_a_file(first: Sandbox, port: int, folder: Path) -> Start:
    named = put(folder / "elsewhere", "mine.yaml", file(first, 1))
    address = f"--app.addr=127.0.0.1:{port}"
    return Start(folder, ["--tokenhandler.insecure=true", "--config", str(named), address])


def by_flags_alone(first: Sandbox, port: int, folder: Path) -> Start:
    flags = {
        "tokenhandler.oidc.issuerURL": first.issuer,
        "tokenhandler.oidc.clientID": first.client_id,
        "rbachandler.kubeConfig": str(first.kubeconfig),
        "app.addr": f"127.0.0.1:{port}",
    }
    apart = [word for key, value in flags.items() for word in (f"--{key}", value)]
    return Start(folder, ["--app.unauthenticated", *apart])


def by_environment_alone(first: Sandbox, port: int, folder: Path) -> Start:
    return Start(
        folder,
        variables={
            "JWTTORBAC_TOKENHANDLER_OIDC_ISSUERURL": first.issuer,
            "JWTTORBAC_TOKENHANDLER_OIDC_CLIENTID": first.client_id,
            "JWTTORBAC_RBACHANDLER_KUBECONFIG": str(first.kubeconfig),
            "JWTTORBAC_APP_ADDR": f"127.0.0.1:{port}",
        },
    )


def by_config_yaml_here(first: Sandbox, port: int, folder: Path) -> Start:
    put(folder, "config.yaml", file(first, port))
    return Start(folder)


def by_config_dir(first: Sandbox, port: int, folder: Path) -> Start:
    put(folder / "etc", "config.yaml", file(first, 1))
    where = {"CONFIG_DIR": str(folder / "etc"), "JWTTORBAC_APP_ADDR": f"127.0.0.1:{port}"}
    return Start(folder, variables=where)


WAYS = [
    by_flags_and_a_file,
    by_flags_alone,
    by_environment_alone,
    by_config_yaml_here,
    by_config_dir,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_it_serves_as_the_first_system_did(first: Sandbox, tmp_path: Path, way: Way) -> None:
    port = free_port()
    start = way(first, port, tmp_path)
    variables = environment(**start.variables)
    with running(start.arguments, port, tmp_path, variables, start.at) as server:
        body = json.dumps({"token": first.id_token("jane")}).encode()
        with urllib.request.urlopen(f"{server.url}/rbac", body, timeout=20) as answer:
            assert answer.status == 201
            assert json.load(answer)["ServiceAccount"] == "janedoe-example-com"
    assert server.process.returncode == 0


def test_without_arguments_and_configuration_it_tells_what_to_do(tmp_path: Path) -> None:
    done = told(tmp_path)
    assert done.returncode == 2, "a pod that lost its configuration must not look well"
    assert "Usage: jwt-to-rbac" in done.stdout
    assert "serve --config FILE" in done.stderr


def test_a_configuration_with_a_mistake_is_refused_without_a_subcommand_too(tmp_path: Path) -> None:
    put(tmp_path, "config.yaml", "tokenhandler: {insecur: true}\n")
    done = told(tmp_path)
    assert done.returncode == 1
    assert "tokenhandler.insecur is no known key; did you mean `insecure`?" in done.stderr


@pytest.mark.parametrize("flag", ["--help", "-h", "--version"])
def test_what_asks_about_the_command_serves_nothing(tmp_path: Path, flag: str) -> None:
    put(tmp_path, "config.yaml", "tokenhandler: {insecur: true}\n")
    assert told(tmp_path, flag).returncode == 0


def test_a_misspelt_subcommand_is_no_configuration(tmp_path: Path) -> None:
    put(tmp_path, "config.yaml", "tokenhandler: {}\n")
    done = told(tmp_path, "srve")
    assert done.returncode == 2
    assert "serve" in done.stdout + done.stderr
