"""Where the API server's address comes from when the configuration doesn't say it."""

import base64
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import kubectl
from tests.support.server import free_port
from tests.support.waiting import eventually
from tests.web.conftest import App, running_app


@pytest.fixture
def introduced(sandbox: Sandbox, tmp_path: Path) -> Iterator[str]:
    """The address that the cluster says of itself; it works, as the one from inside does."""
    server = sandbox.api_server.replace("127.0.0.1", "localhost")
    authority = base64.b64encode(Path(sandbox.ca_file).read_bytes()).decode()
    cluster = {"server": server, "certificate-authority-data": authority}
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump({"clusters": [{"name": "", "cluster": cluster}]}))
    name = ("configmap", "cluster-info", "-n", "kube-public")
    kubectl(sandbox, "create", *name, f"--from-file={file}")
    yield server
    kubectl(sandbox, "delete", *name)


def told(url: str) -> dict[str, Any]:
    """The cluster as the server tells it to everybody."""
    with urllib.request.urlopen(f"{url}/.well-known/jwt-to-rbac") as answer:
        cluster: dict[str, Any] = json.load(answer)["clusters"][0]
    return cluster


def test_what_the_cluster_says_of_itself_is_handed_on_unless_the_configuration_says_it(
    sandbox: Sandbox, app: App, introduced: str, tmp_path: Path
) -> None:
    assert told(app.server.url)["server"] == sandbox.api_server, "nothing was there at its start"
    config = app.config | {"audit": {"sink": str(tmp_path / "audit.log")}}
    with running_app(config, tmp_path, app.keys, free_port()) as another:
        assert eventually(lambda: told(another.server.url)["server"] == introduced)
        authority = base64.b64decode(told(another.server.url)["caData"])
        assert authority == Path(sandbox.ca_file).read_bytes()
    config["cluster"] = {"name": "staging", "server": "https://k8s.example.com"}
    with running_app(config, tmp_path, app.keys, free_port()) as configured:
        assert told(configured.server.url)["server"] == "https://k8s.example.com"
