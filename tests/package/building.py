"""Building and installing the package with uv, as `make` does. No assertions."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from jwt_to_rbac.sandbox.places import cache_home

ROOT = Path(__file__).parents[2]


def environment() -> Mapping[str, str]:
    """Where scripts/prepare.py's uv is found too, and no Python is fetched."""
    path = f"{os.environ['PATH']}{os.pathsep}{cache_home() / 'uv' / 'bin'}"
    settings = {"UV_SYSTEM_CERTS": "true", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    # Python's own settings of whoever runs the tests must not reach what is installed.
    unwanted = ("PYTHONPATH", "VIRTUAL_ENV", "CONFIG_DIR")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return kept | settings | {"PATH": path}


def run(*command: object, folder: Path = ROOT, **more: str) -> str:
    """What a command prints. Raises AssertionError with its complaint."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**environment(), **more},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def build(out: Path) -> tuple[Path, Path]:
    """The wheel and the sdist that it was made from."""
    run("uv", "build", "--quiet", "--python", sys.executable, "--out-dir", out, ROOT)
    [wheel], [sdist] = out.glob("*.whl"), out.glob("*.tar.gz")
    return wheel, sdist


def constraints(folder: Path) -> Path:
    """requirements.lock's versions, without hashes: those of a wheel just built aren't in it."""
    lock = (ROOT / "requirements.lock").read_text()
    file = folder / "constraints.txt"
    file.write_text("\n".join(re.findall(r"^[\w.-]+==[^ ;\\\n]+", lock, re.MULTILINE)))
    return file
