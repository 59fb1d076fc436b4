"""Kubeconfig files, as kubectl reads and writes them: each rule is shown to the real kubectl too."""

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from jwt_to_rbac.cli import kubeconfig_files
from jwt_to_rbac.cli.kubeconfig_entry import add, target_in
from jwt_to_rbac.cli.kubeconfig_files import empty, loaded, locked
from jwt_to_rbac.client.errors import ClientError
from jwt_to_rbac.client.server import ClusterEntry
from jwt_to_rbac.client.target import Target
from jwt_to_rbac.sandbox import Sandbox
from tests.support.waiting import eventually

TARGET = Target("https://auth.example.com", issuer="corp")
PROD = ClusterEntry("prod", "https://10.0.0.1:6443", "-----BEGIN CERTIFICATE-----\n")
THEIRS = """\
# my clusters
apiVersion: v1
kind: Config
clusters:
  - name: other   # at home
    cluster:
      server: "https://192.168.0.1:6443"
      extensions:
        - {name: minikube, extension: {version: v1.34.0}}
users: null
contexts: []
current-context: mine
x-unknown: yes
"""


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}


def write(environment: dict[str, str], account: str = "jane", current: bool = True) -> list[Path]:
    with locked(environment) as kubeconfig:
        context = add(kubeconfig, TARGET, PROD, account)
        if current:
            kubeconfig.make_current(context)
        return kubeconfig.write()


def kubectl(sandbox: Sandbox, environment: dict[str, str], *arguments: str) -> str:
    return subprocess.run(
        [str(sandbox.kubectl), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout


def seen(sandbox: Sandbox, environment: dict[str, str]) -> Any:
    return json.loads(kubectl(sandbox, environment, "config", "view", "--raw", "-o", "json"))


def test_kubectl_reads_what_was_written(sandbox: Sandbox, home: dict[str, str]) -> None:
    [file] = write(home)
    assert file == Path(home["HOME"], ".kube", "config")
    view = seen(sandbox, home)
    assert view["current-context"] == "jane@prod"
    assert view["contexts"][0]["context"] == {"cluster": "prod", "user": "jane@prod"}
    assert view["clusters"][0]["cluster"]["server"] == PROD.server
    plugin = view["users"][0]["user"]["exec"]
    assert plugin["command"] == "jwt-to-rbac", "a bare name"
    assert plugin["args"] == ["credential", *TARGET.arguments()]
    assert plugin["apiVersion"] == "client.authentication.k8s.io/v1"
    assert plugin["interactiveMode"] == "IfAvailable"
    assert plugin["installHint"]


def test_a_kubeconfig_holds_no_secret(home: dict[str, str]) -> None:
    [file] = write(home)
    [user] = yaml.safe_load(file.read_text())["users"]
    assert set(user["user"]) == {"exec"}
    assert "secret" not in file.read_text()


def test_only_its_owner_can_read_it(home: dict[str, str]) -> None:
    [file] = write(home)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    write(home, "john")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in file.parent.iterdir()] == ["config"], "no lock, no half-written file"


def test_comments_order_and_unknown_keys_of_a_person_stay(
    sandbox: Sandbox, home: dict[str, str]
) -> None:
    file = Path(home["HOME"], "theirs")
    file.write_text(THEIRS)
    environment = home | {"KUBECONFIG": str(file)}
    write(environment, current=False)
    after = iter(file.read_text().splitlines())
    lost = {"users: null", "contexts: []"}
    for line in THEIRS.splitlines():
        assert line in lost or line in after, f"{line!r} is lost, or in another place"
    assert "[{" not in file.read_text(), "entries are written as kubectl writes them"
    assert {c["name"] for c in seen(sandbox, environment)["clusters"]} == {"other", "prod"}


def test_writing_again_changes_nothing(home: dict[str, str]) -> None:
    [file] = write(home)
    first = file.read_text()
    write(home)
    assert file.read_text() == first


LISTS = [
    pytest.param(["a"], [], "a", id="one-that-is-missing"),
    pytest.param(["a", "b"], [], "b", id="none-exists-so-the-last"),
    pytest.param(["a", "b"], ["b"], "b", id="the-first-that-exists"),
    pytest.param(["a", "b"], ["a", "b"], "a", id="both-exist"),
    pytest.param(["", "a", "a", "b"], ["a"], "a", id="empty-and-doubled"),
]


@pytest.mark.parametrize(("listed", "existing", "expected"), LISTS)
def test_new_entries_go_to_the_file_where_kubectl_would_put_them(
    sandbox: Sandbox,
    tmp_path: Path,
    home: dict[str, str],
    listed: list[str],
    existing: list[str],
    expected: str,
) -> None:
    changed = {}
    for who in ("kubectl", "ours"):
        folder = tmp_path / who
        folder.mkdir()
        for name in existing:
            (folder / name).write_text("apiVersion: v1\nkind: Config\n")
        paths = os.pathsep.join(str(folder / name) if name else "" for name in listed)
        environment = home | {"KUBECONFIG": paths}
        if who == "ours":
            write(environment)
        else:
            for command in (
                ["set-cluster", "prod", "--server=https://10.0.0.1:6443"],
                ["set-credentials", "jane@prod", "--token=x"],
                ["set-context", "jane@prod", "--cluster=prod", "--user=jane@prod"],
                ["use-context", "jane@prod"],
            ):
                kubectl(sandbox, environment, "config", *command)
        changed[who] = [p.name for p in folder.iterdir() if "jane@prod" in p.read_text()]
    assert changed["ours"] == changed["kubectl"] == [expected]


def test_an_entry_is_changed_in_the_file_that_it_came_from(
    tmp_path: Path, sandbox: Sandbox, home: dict[str, str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write(home | {"KUBECONFIG": str(second)})
    first.write_text("apiVersion: v1\nkind: Config\ncurrent-context: jane@prod\n")
    before = first.read_text()
    environment = home | {"KUBECONFIG": f"{first}{os.pathsep}{second}"}
    with locked(environment) as kubeconfig:
        add(kubeconfig, Target("https://new.example.com"), PROD, "jane")
        assert kubeconfig.write() == [second] or first.read_text() == before
    [user] = seen(sandbox, environment)["users"]
    assert user["user"]["exec"]["args"][1] == "--server=https://new.example.com"


def test_the_first_file_wins_as_for_kubectl(
    tmp_path: Path, sandbox: Sandbox, home: dict[str, str]
) -> None:
    for name in ("first", "second"):
        write(home | {"KUBECONFIG": str(tmp_path / name)})
        kubectl(
            sandbox,
            home | {"KUBECONFIG": str(tmp_path / name)},
            *("config", "set-cluster", "prod", f"--server=https://{name}"),
        )
    environment = home | {"KUBECONFIG": f"{tmp_path / 'first'}{os.pathsep}{tmp_path / 'second'}"}
    assert (loaded(environment).get("clusters", "prod") or {})["server"] == "https://first"
    assert seen(sandbox, environment)["clusters"][0]["cluster"]["server"] == "https://first"


def test_another_cluster_of_the_same_name_is_left_alone(home: dict[str, str]) -> None:
    write(home)
    other = ClusterEntry("prod", "https://10.9.9.9:6443", "")
    with locked(home) as kubeconfig:
        assert add(kubeconfig, TARGET, other, "jane") == "jane@prod-10.9.9.9-6443"
        kubeconfig.write()
    assert (loaded(home).get("clusters", "prod") or {})["server"] == PROD.server


def test_another_users_credential_is_never_overwritten(
    sandbox: Sandbox, home: dict[str, str]
) -> None:
    kubectl(sandbox, home, "config", "set-credentials", "jane@prod", "--token=precious")
    before = Path(home["HOME"], ".kube", "config").read_text()
    with pytest.raises(ClientError, match="kubectl config delete-user"):
        write(home)
    assert Path(home["HOME"], ".kube", "config").read_text() == before


def test_a_link_stays_a_link(tmp_path: Path, home: dict[str, str]) -> None:
    real = tmp_path / "dotfiles"
    real.write_text("apiVersion: v1\nkind: Config\n")
    link = tmp_path / ".kube" / "config"
    link.parent.mkdir()
    link.symlink_to(real)
    write(home)
    assert link.is_symlink()
    assert "jane@prod" in real.read_text()


def test_kubectls_lock_is_waited_for(home: dict[str, str]) -> None:
    lock = Path(home["HOME"], ".kube", "config.lock")
    lock.parent.mkdir()
    lock.touch()
    writer = threading.Thread(target=write, args=(home,))
    writer.start()
    assert not lock.with_name("config").exists()
    lock.unlink()
    writer.join(10)
    assert eventually(lock.with_name("config").exists)
    assert not lock.exists()


def test_a_lock_that_stays_is_named(home: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeconfig_files, "_LOCK_SECONDS", 0.1)
    lock = Path(home["HOME"], ".kube", "config.lock")
    lock.parent.mkdir()
    lock.touch()
    with pytest.raises(ClientError, match=r"config\.lock says. If nobody does, remove that file"):
        write(home)
    assert lock.exists(), "not ours to remove"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("a: [", "is not YAML", id="no-yaml"),
        pytest.param("[]", "is not a kubeconfig", id="a-list"),
        pytest.param("kind: Pod", "is not a kubeconfig", id="a-pod"),
        pytest.param("users: {a: b}", "users in .* is not a list", id="odd-users"),
        pytest.param("users: []\nusers: []", "is not YAML", id="doubled-key"),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_named_and_left(
    home: dict[str, str], text: str, complaint: str
) -> None:
    file = Path(home["HOME"], ".kube", "config")
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(ClientError, match=complaint):
        write(home)
    assert file.read_text() == text
    assert [p.name for p in file.parent.iterdir()] == ["config"]


def test_the_server_is_found_again_by_the_current_context(home: dict[str, str]) -> None:
    write(home)
    found = target_in(loaded(home), "")
    assert found is not None
    assert found.arguments() == TARGET.arguments()
    assert target_in(loaded(home), "https://auth.example.com/") is not None
    assert target_in(loaded(home), "https://elsewhere.example.com") is None


def test_one_to_print_names_nobody(tmp_path: Path) -> None:
    shown = empty()
    shown.make_current(add(shown, TARGET, PROD, ""))
    document = yaml.safe_load(shown.text())
    assert document["current-context"] == "jwt-to-rbac@prod"
    assert document["users"][0]["name"] == "jwt-to-rbac@prod"
    assert document["kind"] == "Config"
