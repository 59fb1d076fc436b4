#!/usr/bin/env python3
"""Makes a fresh machine ready for `make`: checks what it must bring, then the Python environment.

With --for-tests also what only tests need.

Standard library only, and readable by Python 3.7 up to the point where that is refused.
Programs of the sandbox are not built here (`jwt-to-rbac sandbox build` does that).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED_PYTHON = (3, 11)
# What decides the environment's content; anything else may change without a new set-up.
INPUTS = ("requirements.lock", "pyproject.toml", "scripts/prepare.py", "scripts/uv.txt")
# The same names as in tests/support/chromium.py.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SBIN = ":".join(("/usr/sbin", "/usr/local/sbin", "/usr/lib/openldap"))
# What builds the image, and what a node needs of the machine: program and Debian's package.
IMAGE = {"buildah": "buildah", "mmdebstrap": "mmdebstrap"}
NODE = {
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
}
# The same places as in src/jwt_to_rbac/sandbox/node/files.py.
NETWORK_PLUGINS = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")
# Debian's slapd would start a directory on every interface; this answer to its question keeps
# it from having anything to serve, now and after a restart of the machine.
QUIET_SLAPD = 'echo "slapd slapd/no_configuration boolean true" | debconf-set-selections'


def main() -> int:
    """Prepare everything; returns the exit code."""
    use_a_new_python()
    cache = cache_home()
    for_tests = "--for-tests" in sys.argv[1:]
    essentials, optional = missing(cache, for_tests)
    if essentials or optional:
        install(essentials + optional)
        essentials, optional = missing(cache, for_tests)
    if essentials:
        say("Cannot go on without: " + ", ".join(essentials) + ". See above.")
        return 1
    if "chromium" in optional:
        say("Going on without Chromium: the tests of the web app will fail.")
    if for_tests:
        tell_of_image(optional)
        tell_of_node(optional)
    if {"slapd", "ldap-utils"} & set(optional):
        say("Going on without OpenLDAP: a built-in directory with the same people serves.")
    if not (stamp_file().exists() and stamp_file().read_text() == stamp()):
        failed = set_up(cache)
        if failed:
            return failed
    return compile_sources()


def use_a_new_python() -> None:
    """Continue in a Python that is new enough, or exit with what to do."""
    if sys.version_info >= NEEDED_PYTHON:
        return
    for minor in range(20, NEEDED_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 (no shell is wanted)
    say(f"Python 3.{NEEDED_PYTHON[1]} or later is needed; this is {sys.version.split()[0]}.")
    say("Install one (Debian 12, Ubuntu 24.04 and later have it), or name it: make PYTHON=…")
    sys.exit(1)


def missing(cache: Path, for_tests: bool = False) -> tuple[list[str], list[str]]:
    """Debian's names of what is missing: what nothing works without, and what is optional."""
    essentials = [name for name in ("git", "make", "curl") if not shutil.which(name)]
    if not (find_uv(cache) or has_module("pip") or has_module("ensurepip")):
        essentials.append("python3-venv")
    trusted = ssl.get_default_verify_paths()
    if not (trusted.cafile or (trusted.capath and any(Path(trusted.capath).iterdir()))):
        essentials.append("ca-certificates")  # else no download can be verified
    optional = []
    if not (shutil.which("slapd") or shutil.which("slapd", path=SBIN)):
        optional.append("slapd")
    if not (shutil.which("ldapmodify") and shutil.which("ldapwhoami")):
        optional.append("ldap-utils")
    if for_tests and not any(map(shutil.which, BROWSERS)):
        optional.append("chromium")
    if for_tests and not image_obstacle():
        optional += lacking_of(IMAGE)
    if for_tests and not node_obstacle():
        optional += missing_for_node()
    return essentials, optional


def lacking_of(programs: dict[str, str]) -> list[str]:
    """Debian's names of those that are missing."""
    return [
        package
        for program, package in programs.items()
        if not (shutil.which(program) or shutil.which(program, path=SBIN))
    ]


def missing_for_node() -> list[str]:
    """Debian's names of what a node lacks."""
    lacking = lacking_of(NODE)
    if not any(Path(place, "bridge").exists() for place in NETWORK_PLUGINS):
        lacking.append("containernetworking-plugins")
    return lacking


def node_obstacle() -> str:
    """Why this machine can't have a node, however many packages it gets; empty if it can."""
    file = ROOT / "src" / "jwt_to_rbac" / "sandbox" / "node" / "namespaces.py"
    spec = importlib.util.spec_from_file_location("namespaces", str(file))
    namespaces = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(namespaces)  # type: ignore[union-attr]
    found: str = namespaces.obstacle()
    return found


def image_obstacle() -> str:
    """Why the image can't be built and looked at here; empty if it can (whatever packages are missing)."""
    return "" if os.geteuid() == 0 else "only root can build it on a base from apt, and enter it"


def tell_of_image(optional: list[str]) -> None:
    """What becomes of the tests of the image, if there is something to tell."""
    obstacle = image_obstacle()
    lacking = sorted(set(optional) & {*IMAGE.values()})
    if obstacle:
        say(f"LEFT OUT: the tests of the image (tests/package/test_image.py): {obstacle}.")
    elif lacking:
        say(f"Going on without {', '.join(lacking)}: the tests of the image will fail.")


def tell_of_node(optional: list[str]) -> None:
    """What becomes of the tests on a node, if there is something to tell."""
    obstacle = node_obstacle()
    lacking = sorted(set(optional) & {*NODE.values(), "containernetworking-plugins"})
    if obstacle:
        say(f"LEFT OUT: the tests on a real node (tests/node): {obstacle}.")
    elif lacking:
        say(f"Going on without {', '.join(lacking)}: the tests on a real node will fail.")


def install(packages: list[str]) -> None:
    """Install Debian packages as root, or print the one command that does."""
    say("Missing on this machine: " + ", ".join(packages))
    if not shutil.which("apt-get"):
        say("Install these with your system's package manager (the names are Debian's).")
        return
    apt = "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
    command = f"apt-get update && {QUIET_SLAPD} && {apt} {' '.join(packages)}"
    if os.geteuid() != 0:
        say(f"This installs them:\n  sudo sh -c '{command}'")
        return
    say("Installing them, since you are root:\n  " + command)
    if subprocess.call(["sh", "-c", command], stdout=sys.stderr) != 0:
        say("apt-get failed; its message is above.")


def set_up(cache: Path) -> int:
    """Make `.venv` hold exactly what requirements.lock says, and this project."""
    uv = find_uv(cache) or bootstrap_uv(cache)
    if uv is None:
        say("uv could not be installed; pip's message is above. Check the network and try again.")
        return 1
    # The system's certificates, because pip and Go use them too: where a network has an authority
    # of its own, uv's built-in ones would be the only ones that refuse it.
    environment = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_SYSTEM_CERTS="true")
    # Another environment that happens to be active must not be the one that is changed.
    environment["VIRTUAL_ENV"] = str(ROOT / ".venv")
    steps = [
        ["pip", "sync", "--quiet", "--compile-bytecode", "--require-hashes", "requirements.lock"],
        ["pip", "install", "--quiet", "--no-deps", "--editable", "."],
    ]
    if not (ROOT / ".venv" / "bin" / "python").exists():
        steps.insert(0, ["venv", "--quiet", "--clear", "--python", sys.executable, ".venv"])
    say("Setting up the Python environment in .venv")
    for step in steps:
        if subprocess.call([uv, *step], cwd=str(ROOT), env=environment) != 0:
            say(f"`uv {' '.join(step)}` failed; its message is above.")
            return 1
    stamp_file().write_text(stamp())
    return 0


def compile_sources() -> int:
    """Bytecode of what has changed since it was last made.

    Where PYTHONDONTWRITEBYTECODE is set, each of the hundreds of processes that tests start
    would otherwise compile all that it imports anew: 3.1 s of CPU for a server instead of 1.2.
    """
    return subprocess.call(
        [str(ROOT / ".venv" / "bin" / "python"), "-m", "compileall", "-q", str(ROOT / "src")]
    )


def find_uv(cache: Path) -> str | None:
    """uv of the machine, else the one that `bootstrap_uv` made."""
    return shutil.which("uv") or shutil.which("uv", path=str(cache / "uv" / "bin"))


def bootstrap_uv(cache: Path) -> str | None:
    """Install the pinned uv into the cache, with what Python itself brings."""
    say("Installing uv into the cache")
    folder = cache / "uv"
    pins = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
    pins += ["-r", str(ROOT / "scripts" / "uv.txt")]
    if has_module("ensurepip"):
        made = subprocess.call([sys.executable, "-m", "venv", "--clear", str(folder)]) == 0
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install"]
    else:
        shutil.rmtree(str(folder), ignore_errors=True)
        made = True
        pip = [sys.executable, "-m", "pip", "install", "--target", str(folder)]
    if not made or subprocess.call(pip + pins) != 0:
        return None
    return shutil.which("uv", path=str(folder / "bin"))


def cache_home() -> Path:
    """The same folder as `jwt_to_rbac.sandbox.places.cache_home`."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "jwt-to-rbac"


def stamp() -> str:
    """A hash of all that decides what the environment must be."""
    digest = hashlib.sha256(sys.version.encode() + str(ROOT).encode())
    for name in INPUTS:
        digest.update(hashlib.sha256((ROOT / name).read_bytes()).digest())
    return digest.hexdigest()


def stamp_file() -> Path:
    """Inside the environment, so that it goes away with it."""
    return ROOT / ".venv" / ".prepared"


def has_module(name: str) -> bool:
    """Whether this Python can import `name`; Debian leaves some of the standard library out."""
    return importlib.util.find_spec(name) is not None


def say(text: str) -> None:
    """One message to the person who waits."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
