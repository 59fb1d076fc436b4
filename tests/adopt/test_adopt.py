"""`jwt-to-rbac adopt` on a real cluster that the first system has filled, with people who log in."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jwt_to_rbac.sandbox import Sandbox, start
from tests.adopt.first_systems import account, binding, put, role, token, value_of
from tests.e2e.conftest import Client
from tests.support.cluster import get, install, kubectl, names, with_token
from tests.support.configuration import configuration, write
from tests.support.server import running_server
from tests.support.waiting import eventually

JANE, JOHN, LEAVER = "janedoe-example-com", "johndoe-example-com", "leaver-example-com"
ALL = "serviceaccounts,secrets,rolebindings,clusterrolebindings,clusterroles,accessgrants"
DAY = 24 * 3600


@dataclass(frozen=True)
class Cluster:
    """A cluster with what the first system left, and the tokens that people still have of it."""

    sandbox: Sandbox
    folder: Path
    config: Path
    tokens: dict[str, str]

    def adopt(self, *arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "jwt_to_rbac", "adopt", "--config", str(self.config)]
        done = subprocess.run(
            [*command, "-o", "json", *arguments], capture_output=True, text=True, env=os.environ
        )
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def objects(self) -> dict[str, str]:
        """Everything that could be touched, with its version."""
        items = get(self.sandbox, ALL, "-A")["items"]
        meta = [(one["kind"], one["metadata"]) for one in items]
        return {
            f"{kind}/{one.get('namespace', '')}/{one['name']}": one["resourceVersion"]
            for kind, one in meta
        }

    def may(self, person: str, *what: str) -> bool:
        said = with_token(self.sandbox, self.tokens[person], "auth", "can-i", *what)
        return said.stdout == "yes\n"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Its own: the first system's objects are everybody's business."""
    with start() as sandbox:
        install(sandbox)
        kubectl(sandbox, "create", "namespace", "example")
        now = time.time()
        put(
            sandbox,
            tmp_path,
            [
                role("developers-from-jwt", "pods", "secrets"),
                role("testers-from-jwt", "pods"),
                *account(JANE, ("admin", ""), ("developers-from-jwt", ""), ("view", "example")),
                *account(JOHN, ("developers-from-jwt", ""), ("cluster-admin", "")),
                *account(LEAVER, ("cluster-admin", ""), ("testers-from-jwt", "example")),
                # It leaves bindings behind when an account is deleted.
                binding("gone-example-com", "admin", ""),
                token(JANE, "aaaaa", now + DAY),
                token(JANE, "bbbbb", now - DAY),
                token(JOHN, "aaaaa", None),
                token(LEAVER, "aaaaa", now + DAY),
                # Of others: a program's account with its token and binding, and a binding by hand.
                {
                    "apiVersion": "v1",
                    "kind": "ServiceAccount",
                    "metadata": {"name": "web", "namespace": "default"},
                },
                token("web", "aaaaa", None),
                binding("web", "view", "example", labels={}),
                binding(JOHN, "edit", "example", named="by-hand", labels={}),
            ],
        )
        config = configuration(
            sandbox.kubeconfig, tmp_path / "audit.log", {sandbox.issuer: sandbox.client_id}
        )
        tokens = {
            JANE: value_of(sandbox, f"{JANE}-token-aaaaa"),
            JOHN: value_of(sandbox, f"{JOHN}-token-aaaaa"),
            LEAVER: value_of(sandbox, f"{LEAVER}-token-aaaaa"),
            "web": value_of(sandbox, "web-token-aaaaa"),
        }
        yield Cluster(sandbox, tmp_path, write(config, "127.0.0.1:1", tmp_path), tokens)


def actions(plan: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["action"] for one in plan["accounts"]}


def test_people_move_from_the_first_system_without_a_gap_and_without_a_rest(
    cluster: Cluster,
) -> None:
    sandbox = cluster.sandbox

    # Looking changes nothing.
    before = cluster.objects()
    plan = cluster.adopt()
    assert actions(plan) == {JANE: "wait", JOHN: "wait", LEAVER: "remove"}
    john = next(one for one in plan["accounts"] if one["name"] == JOHN)
    assert john["tokenWithoutEnd"]
    assert john["loses"] == [{"clusterRole": "cluster-admin", "scope": "cluster"}]
    assert cluster.objects() == before

    # What the policy gives nobody goes at once; what it gives somebody waits.
    assert cluster.may(JOHN, "delete", "nodes")
    cluster.adopt("--yes")
    assert eventually(lambda: not cluster.may(JOHN, "delete", "nodes"))
    assert cluster.may(JOHN, "list", "pods")
    assert not cluster.may(JOHN, "list", "secrets"), "the role has the policy's rules now"
    assert cluster.may(JANE, "create", "configmaps")
    assert eventually(lambda: not cluster.may(LEAVER, "list", "pods", "-n", "example"), 20)
    assert names(sandbox, "serviceaccounts", "-n", "default", "-l", "crole") == [JANE, JOHN]
    assert f"{JANE}-token-bbbbb" not in names(sandbox, "secrets", "-n", "default")
    assert "gone-example-com-admin-binding" not in names(sandbox, "clusterrolebindings")
    assert names(sandbox, "clusterroles", "-l", "generatedby=jwttorbac") == ["developers-from-jwt"]

    # Jane logs in here: she has her account, and the old one goes.
    config = json.loads(cluster.config.read_text())
    del config["server"]  # The server gets a free port.
    with running_server(config, cluster.folder) as server:
        client = Client(server, cluster.folder / "audit.log")
        mine = sandbox.id_token("jane")
        assert client.log_in(mine).status == 201
        new = client.call("POST", "/api/v1/sessions", {}, bearer=mine).json()["token"]
    assert cluster.may(JANE, "create", "configmaps"), "the old token works until adopt"
    assert actions(cluster.adopt("--yes")) == {JANE: "remove", JOHN: "wait"}
    assert eventually(lambda: not cluster.may(JANE, "create", "configmaps"), 20)
    assert with_token(sandbox, new, "auth", "can-i", "create", "configmaps").stdout == "yes\n"
    assert names(sandbox, "accessgrants") == [JANE]

    # John never came.
    assert actions(cluster.adopt("--yes", "--remove")) == {JOHN: "remove"}
    assert eventually(lambda: not cluster.may(JOHN, "list", "pods"), 20)

    # Nothing is left but what others made, of which one thing is told.
    rest = cluster.adopt()
    assert [rest["accounts"], rest["remove"], rest["takeOver"]] == [[], [], []]
    assert cluster.may("web", "list", "pods", "-n", "example")
    assert "by-hand" in names(sandbox, "rolebindings", "-n", "example")


def test_a_binding_made_by_hand_is_told_and_left(cluster: Cluster) -> None:
    plan = cluster.adopt("--yes", "--remove")
    [left] = plan["left"]
    assert left.startswith(f"rolebindings example/by-hand binds {JOHN} to edit and isn't")
    assert "by-hand" in names(cluster.sandbox, "rolebindings", "-n", "example")

    kubectl(cluster.sandbox, "delete", "rolebinding", "by-hand", "-n", "example")
    command = [sys.executable, "-m", "jwt_to_rbac", "adopt", "--config", str(cluster.config)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Nothing of the first system's is here.\n"
