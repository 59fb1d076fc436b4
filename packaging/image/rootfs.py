#!/usr/bin/env python3
"""Collects the image's files: the program's environment, Python, and the libraries that they load.

    rootfs.py OUT SECONDS

Runs in the image's build stage, in the environment that goes into the image. Every file gets the
time SECONDS (since 1970), so that the same sources make the same image. A bill of what is in it
is written too (CycloneDX 1.6): Python's packages, and Debian's whose files were taken.
"""

import compileall
import json
import os
import platform
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions, version
from pathlib import Path

HOME = Path(sys.prefix)
PACKAGES = Path(sysconfig.get_path("purelib"))
STDLIB = Path(sysconfig.get_path("stdlib"))
COMMANDS = ("jwt-to-rbac", "kubectl-", "python")
BILL = "usr/share/sbom/jwt-to-rbac.cdx.json"
CERTIFICATES = Path("/usr/share/ca-certificates")
NOT_RUN = (
    # Of the standard library: what builds, tests and teaches.
    *(
        f"{STDLIB}/{name}"
        for name in (
            "ensurepip",
            "idlelib",
            "lib2to3",
            "pydoc_data",
            "test",
            "tkinter",
            "turtledemo",
            "unittest",
            "venv",
            "distutils",
        )
    ),
    *map(str, STDLIB.glob("config-*")),
    f"{STDLIB}/site-packages",
    # What installed the packages.
    *(f"{PACKAGES}/{name}" for name in ("pip", "setuptools", "pkg_resources", "_distutils_hack")),
    *map(str, (*PACKAGES.glob("pip-*"), *PACKAGES.glob("setuptools-*"))),
    f"{PACKAGES}/distutils-precedence.pth",
    # Extensions of CEL that no expression here may use.
    *(
        str(path)
        for name in ("bindings", "encoders", "math", "proto")
        for path in (PACKAGES / "cel_expr_python" / "ext").glob(f"ext_{name}.*.so")
    ),
    # The official client's types and calls: only its configuration and credentials are used.
    *(
        f"{PACKAGES}/kubernetes/{name}"
        for name in ("client", "dynamic", "informer", "stream", "leaderelection", "utils", "watch")
    ),
    f"{PACKAGES}/kubernetes/aio/client/api",
    f"{PACKAGES}/kubernetes/aio/client/models",
)
KEPT_EMPTY = (
    f"{PACKAGES}/kubernetes/aio/client/models/__init__.py",
    f"{PACKAGES}/kubernetes/aio/client/api/__init__.py",
)
"""Imported for their names, which are looked up when used."""


def main(out: Path, seconds: int) -> None:
    """Fill the empty folder `out`."""
    taken = [*_files(HOME), *_files(STDLIB), *_python()]
    libraries = list(_libraries([one for one in taken if _is_loaded(one)]))
    for source in [*taken, *libraries]:
        _put(source, out)
    _write(out, "etc/ssl/certs/ca-certificates.crt", _authorities())
    _write(out, "etc/passwd", b"jwt-to-rbac:x:65532:65532::/:\n")
    _write(out, "etc/group", b"jwt-to-rbac:x:65532:\n")
    _write(out, "usr/share/doc/jwt-to-rbac/LICENSE", Path("LICENSE").read_bytes())
    _write(out, BILL, json.dumps(_bill([*taken, *libraries]), indent=1).encode() + b"\n")
    _compile(out)
    for path in (out, *out.rglob("*")):
        if not path.is_symlink():
            # A random user id must be able to read everything, and to change nothing.
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        os.utime(path, (seconds, seconds), follow_symlinks=False)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        name = str(path)
        if name in KEPT_EMPTY or not (
            (path.is_dir() and not path.is_symlink())
            or name in NOT_RUN
            or name.startswith(tuple(f"{one}/" for one in NOT_RUN))
            or "__pycache__" in path.parts
            or path.suffix in (".pyc", ".pyi", ".h", ".a")
            or (path.parent == HOME / "bin" and not path.name.startswith(COMMANDS))
        ):
            yield path


def _python() -> Iterator[Path]:
    """The interpreter, and the links by which the environment finds it."""
    path = HOME / "bin" / "python3"
    while path.is_symlink():
        target = path.parent / path.readlink()
        if not target.is_relative_to(HOME):
            yield target
        path = target


def _is_loaded(path: Path) -> bool:
    return not path.is_symlink() and (".so" in path.name or path.parent.name == "bin")


def _libraries(loaded: Iterable[Path]) -> Iterator[Path]:
    """Shared libraries and the program that loads them, as this system would find them."""
    found: set[str] = set()
    for one in loaded:
        said = subprocess.run(["ldd", one], capture_output=True, text=True, check=False).stdout
        found |= set(re.findall(r"(?:=> |^\s*)(/\S+) \(0x", said, re.MULTILINE))
    for name in sorted(found):
        yield Path(name)


def _put(source: Path, out: Path) -> None:
    target = out / source.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink() and source.is_relative_to(HOME):
        target.unlink(missing_ok=True)
        target.symlink_to(source.readlink())
    elif not target.exists():
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def _write(out: Path, name: str, content: bytes) -> None:
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _authorities() -> bytes:
    """Mozilla's, from Debian's package: the build machine may have put others into the bundle."""
    pem = [path.read_bytes() for path in sorted(CERTIFICATES.rglob("*.crt"))]
    if not pem:
        raise SystemExit(f"{CERTIFICATES} holds no certificates: the base lacks ca-certificates")
    return b"".join(pem)


def _compile(out: Path) -> None:
    """Bytecode that is never compared with its source: nothing could write a new one."""
    for folder in (STDLIB, PACKAGES):
        compiled = compileall.compile_dir(
            out / folder.relative_to("/"),
            quiet=1,
            stripdir=str(out),
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        if not compiled:
            raise SystemExit(f"{folder} can't be compiled")


def _bill(taken: list[Path]) -> dict[str, object]:
    python = [
        _component("library", one.metadata["Name"], one.version, "pypi")
        for one in distributions(path=[str(PACKAGES)])
        if one.metadata["Name"] not in ("pip", "setuptools", "jwt-to-rbac")
    ]
    debian = [_component("library", name, number, "deb/debian") for name, number in _debian(taken)]
    interpreter = _component("platform", "cpython", platform.python_version(), "generic")
    components = sorted([*python, *debian, interpreter], key=lambda one: one["purl"])
    itself = _component("application", "jwt-to-rbac", version("jwt-to-rbac"), "pypi")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": itself},
        "components": components,
    }


def _component(kind: str, name: str, number: str, source: str) -> dict[str, str]:
    purl = f"pkg:{source}/{name.lower()}@{number}"
    return {"type": kind, "name": name, "version": number, "purl": purl, "bom-ref": purl}


def _debian(taken: list[Path]) -> list[tuple[str, str]]:
    """Name and version of each package that a file is of."""
    # A library is asked for by the place where the package has it: /lib is a link to /usr/lib.
    asked = sorted({name for one in taken for name in (str(one), str(one.resolve()))})
    owners = subprocess.run(["dpkg-query", "-S", *asked], capture_output=True, text=True)
    names = {line.split(":", 1)[0] for line in owners.stdout.splitlines()}
    if not names:
        return []
    form = "${Package} ${Version}\\n"
    said = subprocess.run(
        ["dpkg-query", "-W", f"-f={form}", *sorted(names)], capture_output=True, text=True
    )
    return sorted({(line.split()[0], line.split()[1]) for line in said.stdout.splitlines()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
