"""The set-up of a fresh machine: what is missing is said all at once, and what is ready is left."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "prepare.py"


@pytest.fixture
def prepare() -> ModuleType:
    """scripts/prepare.py as a module, new for each test."""
    spec = importlib.util.spec_from_file_location("prepare", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_bare_machine_is_told_everything_at_once_and_changed_in_nothing(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    run = subprocess.run([sys.executable, SCRIPT], env=environment, capture_output=True, text=True)
    assert run.returncode == 1
    assert "Missing on this machine: git, make" in run.stderr
    assert "ldap-utils" in run.stderr
    assert run.stderr.splitlines()[-1].startswith("Cannot go on without: git, make")
    assert list(tmp_path.iterdir()) == []


def test_without_root_one_command_is_printed_and_none_is_run(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare.shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 1000)
    run = record_calls(prepare, monkeypatch)

    prepare.install(["make", "slapd"])

    [command] = [line for line in capsys.readouterr().err.splitlines() if "sudo" in line]
    assert command.startswith("  sudo sh -c 'apt-get update && ")
    assert command.endswith("apt-get install -y --no-install-recommends make slapd'")
    assert run == []


def test_root_is_told_what_is_installed_and_slapd_gets_nothing_to_serve(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare.shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 0)
    run = record_calls(prepare, monkeypatch)

    prepare.install(["slapd"])

    [[shell, option, command]] = run
    assert (shell, option) == ("sh", "-c")
    assert command in capsys.readouterr().err
    assert command.index("slapd/no_configuration boolean true") < command.index("install -y")


def record_calls(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been run, all of which succeed."""
    run: list[list[str]] = []

    def call(command: list[str], **_: object) -> int:
        run.append(command)
        return 0

    monkeypatch.setattr(prepare.subprocess, "call", call)
    return run


def test_openldap_is_the_only_thing_that_one_can_go_without(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = {"git", "make", "curl", "uv"}
    monkeypatch.setattr(prepare.shutil, "which", lambda name, **_: name if name in there else None)
    essentials, optional = prepare.missing(tmp_path)
    assert essentials == []
    assert optional == ["slapd", "ldap-utils"]


def test_only_the_tests_ask_for_a_browser(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = {"git", "make", "curl", "uv", "slapd", "ldapmodify", "ldapwhoami"}
    monkeypatch.setattr(prepare.shutil, "which", lambda name, **_: name if name in there else None)
    monkeypatch.setattr(prepare, "node_obstacle", lambda: "only root can make one")
    monkeypatch.setattr(prepare, "image_obstacle", lambda: "only root can build it")
    assert prepare.missing(tmp_path) == ([], [])
    assert prepare.missing(tmp_path, for_tests=True) == ([], ["chromium"])
    there.add("google-chrome")
    assert prepare.missing(tmp_path, for_tests=True) == ([], [])


def test_what_a_node_needs_is_asked_for_where_there_can_be_one(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tools = {"git", "make", "curl", "uv", "slapd", "ldapmodify", "ldapwhoami", "chromium"}
    there = tools | {"ip"}
    monkeypatch.setattr(prepare.shutil, "which", lambda name, **_: name if name in there else None)
    monkeypatch.setattr(prepare, "NETWORK_PLUGINS", (str(tmp_path),))
    monkeypatch.setattr(prepare, "node_obstacle", lambda: "")
    monkeypatch.setattr(prepare, "image_obstacle", lambda: "")
    assert prepare.missing(tmp_path) == ([], [])
    _, wanted = prepare.missing(tmp_path, for_tests=True)
    packages = ["containerd", "runc", "iptables", "conntrack", "containernetworking-plugins"]
    assert wanted == ["buildah", "mmdebstrap", *packages]


def test_root_gets_what_builds_the_image_where_there_can_be_no_node_too(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = {"git", "make", "curl", "uv", "slapd", "ldapmodify", "ldapwhoami", "chromium"}
    monkeypatch.setattr(prepare.shutil, "which", lambda name, **_: name if name in there else None)
    monkeypatch.setattr(prepare, "node_obstacle", lambda: "no cgroups can be made")
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 0)
    assert prepare.missing(tmp_path, for_tests=True) == ([], ["buildah", "mmdebstrap"])
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 1000)
    assert prepare.missing(tmp_path, for_tests=True) == ([], [])


def test_who_cannot_build_the_image_is_told_that_its_tests_are_left_out(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 1000)
    prepare.tell_of_image([])
    assert capsys.readouterr().err.startswith("LEFT OUT: the tests of the image ")
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 0)
    prepare.tell_of_image(["buildah"])
    assert "without buildah: the tests of the image will fail" in capsys.readouterr().err
    prepare.tell_of_image(["chromium"])
    assert capsys.readouterr().err == ""


def test_where_there_can_be_no_node_it_is_said_which_tests_are_left_out(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare.os, "geteuid", lambda: 1000)
    prepare.tell_of_node([])
    told = capsys.readouterr().err
    assert told == "LEFT OUT: the tests on a real node (tests/node): only root can make one.\n"


def test_where_only_packages_are_missing_nothing_is_left_out(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare, "node_obstacle", lambda: "")
    prepare.tell_of_node(["chromium", "runc"])
    assert "without runc: the tests on a real node will fail" in capsys.readouterr().err
    prepare.tell_of_node(["chromium"])
    assert capsys.readouterr().err == ""


def test_uv_needs_pip_or_venv_where_debian_has_left_them_out(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prepare.shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(prepare, "has_module", lambda _: False)
    essentials, _ = prepare.missing(tmp_path)
    assert essentials == ["git", "make", "curl", "python3-venv"]


def test_an_old_python_is_refused_with_what_to_do(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(prepare.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="1"):
        prepare.use_a_new_python()
    told = capsys.readouterr().err
    assert "Python 3.11 or later is needed" in told
    assert "make PYTHON=" in told


def test_an_old_python_hands_over_to_a_newer_one_beside_it(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[str] = []
    newer = {"python3.12": "/usr/bin/python3.12", "python3.10": "/usr/bin/python3.10"}

    def replace_process(program: str, arguments: list[str]) -> None:
        handed.append(program)
        raise SystemExit(0)  # the real one never returns either

    monkeypatch.setattr(prepare.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(prepare.shutil, "which", newer.get)
    monkeypatch.setattr(prepare.os, "execv", replace_process)
    with pytest.raises(SystemExit):
        prepare.use_a_new_python()
    assert handed == ["/usr/bin/python3.12"]


def test_nothing_is_set_up_again_until_an_input_changes(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    times: list[Path] = []

    def set_up(cache: Path) -> int:
        times.append(cache)
        prepare.stamp_file().write_text(prepare.stamp())
        return 0

    for name in prepare.INPUTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("first")
    _environment(tmp_path)
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    monkeypatch.setattr(prepare, "missing", lambda *_: ([], []))
    monkeypatch.setattr(prepare, "set_up", set_up)

    assert [prepare.main(), prepare.main()] == [0, 0]
    assert len(times) == 1
    (tmp_path / "requirements.lock").write_text("second")
    assert [prepare.main(), prepare.main()] == [0, 0]
    assert len(times) == 2


def test_no_process_has_to_compile_what_it_imports_even_where_none_may_write_bytecode(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _environment(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "module.py").write_text("")
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert prepare.compile_sources() == 0
    assert [file.suffix for file in (tmp_path / "src" / "__pycache__").iterdir()] == [".pyc"]


def _environment(root: Path) -> None:
    """A `.venv` with nothing but a Python."""
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to(sys.executable)


def test_the_script_and_the_package_agree_on_the_cache(
    prepare: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from jwt_to_rbac.sandbox.places import cache_home

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert prepare.cache_home() == cache_home() == tmp_path / "jwt-to-rbac"
