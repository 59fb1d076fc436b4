"""What `make test` makes of failures: scripts/all_tests.py on small suites of its own, no control plane."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "all_tests.py"
MARKERS = "[pytest]\nmarkers = quiet\n"
PASSES_ALONE = """
from pathlib import Path
def test_minds_company():
    seen = Path("seen")
    alone = seen.exists()
    seen.touch()
    assert alone
"""
QUIET = """
import os, pytest
@pytest.mark.quiet
def test_wants_quiet():
    assert "PYTEST_XDIST_WORKER" not in os.environ
"""


def ran(folder: Path, **files: str) -> tuple[int, str]:
    (folder / "pytest.ini").write_text(MARKERS)
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    command = [sys.executable, str(SCRIPT), "2"]
    # What this run's own pytest told its children is not for those.
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    # To load all plugins takes longer than all else here.
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p xdist.plugin"}
    ended = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_what_is_marked_quiet_runs_alone_and_the_rest_beside_others(tmp_path: Path) -> None:
    beside = 'import os\ndef test_beside():\n    assert "PYTEST_XDIST_WORKER" in os.environ\n'
    code, said = ran(tmp_path, quiet=QUIET, beside=beside)
    assert code == 0, said
    assert "second look" not in said, said


def test_what_failed_beside_others_and_passes_alone_is_forgiven_and_named(tmp_path: Path) -> None:
    code, said = ran(tmp_path, quiet=QUIET, minds=PASSES_ALONE)
    assert code == 0, said
    told = said.split("Passed at the second look, alone; at the first one, beside others, failed:")
    assert "test_minds.py::test_minds_company" in told[1], said


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"bad": "def test_bad():\n    assert 1 == 2\n"}, id="it fails again"),
        pytest.param({"bad": "import nowhere\n"}, id="it can't be read"),
        pytest.param(
            {"bad": PASSES_ALONE.replace("def ", "import pytest\n@pytest.mark.quiet\ndef ")},
            id="it ran alone anyway",
        ),
        pytest.param(
            {f"minds{n}": PASSES_ALONE.replace("seen", f"seen{n}") for n in range(6)},
            id="there are too many for an accident",
        ),
    ],
)
def test_it_fails_for_good_where(files: dict[str, str], tmp_path: Path) -> None:
    code, said = ran(tmp_path, quiet=QUIET, **files)
    assert code != 0, said
