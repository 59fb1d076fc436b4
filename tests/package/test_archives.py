"""What is in wheel and sdist: all that the program reads, and nothing of its tests or its machine."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.package.building import ROOT, build, run

PACKAGE = ROOT / "src" / "jwt_to_rbac"


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("dist"))


def in_repository(folder: Path) -> set[str]:
    """The files that are the project's: none that was made by running it."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", folder)
    return set(listed.splitlines())


def test_the_wheel_holds_every_file_of_the_program_and_no_other(
    archives: tuple[Path, Path],
) -> None:
    names = set(zipfile.ZipFile(archives[0]).namelist())
    program = {name for name in names if name.startswith("jwt_to_rbac/")}
    assert program == {name.removeprefix("src/") for name in in_repository(PACKAGE)}
    rest = {name.split("/", 1)[1] for name in names - program}
    assert rest == {
        "METADATA",
        "WHEEL",
        "RECORD",
        "entry_points.txt",
        "licenses/LICENSE",
        "data/share/man/man1/jwt-to-rbac.1",
    }


def test_the_sdist_holds_what_the_wheel_is_made_of(archives: tuple[Path, Path]) -> None:
    with tarfile.open(archives[1]) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
    needed = {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "docs/jwt-to-rbac.1"}
    # hatchling brings the project's list of what is ignored along, and metadata.
    assert names - {".gitignore", "PKG-INFO"} == in_repository(PACKAGE) | needed


def test_the_same_sources_make_the_same_wheel(archives: tuple[Path, Path], tmp_path: Path) -> None:
    assert build(tmp_path)[0].read_bytes() == archives[0].read_bytes()


def test_the_man_page_is_what_the_commands_say() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "scripts" / "man_page.py"], check=True, capture_output=True
    )
    assert (ROOT / "docs" / "jwt-to-rbac.1").read_bytes() == made.stdout, "run: make man"


def test_the_servers_lock_is_part_of_the_whole_one() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text().splitlines()
        return {line.split()[0] for line in lines if "==" in line and not line.startswith(" ")}

    assert pins("requirements-server.lock") <= pins("requirements.lock"), "run: make lock"
    assert pins("requirements-server.lock")
