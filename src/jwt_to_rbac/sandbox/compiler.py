"""Finds a C compiler for Dex (its sqlite needs cgo), or makes one from the wheel `ziglang`."""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.sandbox.places import cache_home
from jwt_to_rbac.sandbox.wheels import installed

_PROBE = "#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n"


@dataclass(frozen=True)
class Compiler:
    """What cgo needs to know: the value of `CC`, and flags for Go's linker."""

    cc: str
    ldflags: str = ""


def find_compiler() -> Compiler:
    """The machine's own compiler if it works, else zig's.

    Raises what `wheels.installed` raises.
    """
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        if name and works(name):
            return Compiler(name)
    # musl and static, because zig brings its own libc and must not depend on the machine's.
    return Compiler(str(_zig()), "-extldflags=-static")


def works(cc: str) -> bool:
    """Whether `cc` links a program; a compiler without libc's headers is of no use to cgo."""
    command = shlex.split(cc)
    if shutil.which(command[0]) is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text(_PROBE)
        run = subprocess.run(
            [*command, str(source), "-o", str(source.with_suffix(""))], capture_output=True
        )
    return run.returncode == 0


def _zig() -> Path:
    folder = installed("ziglang")
    script = folder / "zig-cc"
    target = f"{platform.machine()}-linux-musl"
    lines = [
        "#!/bin/sh",
        f"export PYTHONPATH={shlex.quote(str(folder))}",
        f"export ZIG_GLOBAL_CACHE_DIR={shlex.quote(str(cache_home() / 'zig'))}",
        f'exec {shlex.quote(sys.executable)} -m ziglang cc -target {target} "$@"',
    ]
    script.write_text("\n".join(lines) + "\n")
    script.chmod(0o755)
    return script
