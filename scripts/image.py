#!/usr/bin/env python3
"""Builds the image, and a base for it where none can be pulled, with whichever engine is there.

scripts/image.py build BASE FOLDER     the image jwt-to-rbac:VERSION, as an archive in FOLDER
scripts/image.py base NAME             a Debian with Python, from this machine's apt sources
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "jwt-to-rbac"
SUITE = "bookworm"
INCLUDE = "python3,python3-venv,ca-certificates"
WITHOUT = ("doc", "man", "locale", "info")
TRUSTED = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pip.conf"))


def main(arguments: list[str]) -> int:
    match arguments:
        case ["build", base, folder]:
            return build(base, Path(folder))
        case ["base", name]:
            return make_base(name)
    print(__doc__, file=sys.stderr)
    return 2


def build(base: str, folder: Path) -> int:
    """Build the image from the wheel of these sources."""
    build_with = ENGINES[find_engine()]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{NAME}-{version}.tar"
    with tempfile.TemporaryDirectory() as temporary:
        context = Path(temporary)
        gather(context)
        arguments = {
            "BASE": base,
            "VERSION": version,
            "REVISION": _git("rev-parse", "HEAD"),
            "SOURCE_DATE_EPOCH": epoch(),
        }
        build_with(context, f"{NAME}:{version}", arguments, archive)
    print(f"{archive}: {archive.stat().st_size / 1e6:.0f} MB, {NAME}:{version}")
    return 0


def gather(context: Path) -> None:
    """Only what the Dockerfile copies: the engine is sent no more, and sees no more."""
    for name in ("requirements-server.lock", "LICENSE", "packaging/image/rootfs.py"):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, context / name)
    shutil.copyfile(ROOT / "packaging" / "image" / "Dockerfile", context / "Dockerfile")
    environment = os.environ | {"SOURCE_DATE_EPOCH": epoch()}
    wheel = ["uv", "build", "--quiet", "--wheel", "--system-certs", "--out-dir"]
    subprocess.run([*wheel, context / "dist", ROOT], check=True, env=environment)


def epoch() -> str:
    """When the sources were last changed, as far as git knows: the time of every file."""
    return os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct") or "0"


def find_engine() -> str:
    """The first of docker, podman and buildah that works here."""
    for program in ENGINES:
        # docker may be installed without anybody who serves it.
        info = [program, "info"]
        if shutil.which(program) and subprocess.run(info, capture_output=True).returncode == 0:
            return program
    raise SystemExit(
        "No engine to build an image with: docker (running), podman or buildah. "
        "On Debian: apt-get install buildah."
    )


def _docker(context: Path, name: str, arguments: dict[str, str], archive: Path) -> None:
    command = ["docker", "build", "--tag", name, *_as_flags(arguments), str(context)]
    subprocess.run(command, check=True)
    subprocess.run(["docker", "save", "--output", archive, name], check=True)


def _podman(context: Path, name: str, arguments: dict[str, str], archive: Path) -> None:
    timestamp = ["--timestamp", arguments["SOURCE_DATE_EPOCH"]]
    command = ["podman", "build", "--tag", name, *timestamp, *_as_flags(arguments)]
    subprocess.run([*command, *_trusting(), str(context)], check=True)
    archive.unlink(missing_ok=True)
    subprocess.run(["podman", "save", "--output", archive, name], check=True)


def _buildah(context: Path, name: str, arguments: dict[str, str], archive: Path) -> None:
    timestamp = ["--timestamp", arguments["SOURCE_DATE_EPOCH"]]
    # chroot: the one isolation that needs neither cgroups nor namespaces of its own.
    how = ["--isolation", "chroot", "--network", "host", "--layers=false"]
    command = ["buildah", "build", "--tag", name, *how, *timestamp, *_as_flags(arguments)]
    subprocess.run([*command, *_trusting(), str(context)], check=True)
    archive.unlink(missing_ok=True)
    # Without a registry's name before it, containerd and docker take it for their default's.
    push = ["buildah", "push", "--quiet", name, f"docker-archive:{archive}:{name}"]
    subprocess.run(push, check=True, stdout=sys.stderr)


def _as_flags(arguments: dict[str, str]) -> list[str]:
    return [f"--build-arg={key}={value}" for key, value in arguments.items()]


def _trusting() -> list[str]:
    """For the build alone: the authorities and settings by which this machine's pip works."""
    there = [path for path in TRUSTED if path.exists()]
    return [f"--volume={path}:{path}:ro" for path in there]


ENGINES = {"docker": _docker, "podman": _podman, "buildah": _buildah}


def make_base(name: str) -> int:
    """A small Debian with Python, as an image of the engine's."""
    if not shutil.which("mmdebstrap"):
        raise SystemExit("mmdebstrap is missing. On Debian: apt-get install mmdebstrap.")
    with tempfile.TemporaryDirectory() as temporary:
        tar = Path(temporary) / "base.tar"
        excluded = [f"--dpkgopt=path-exclude=/usr/share/{one}/*" for one in WITHOUT]
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={INCLUDE}", *excluded]
        subprocess.run([*command, SUITE, tar], check=True)
        (Path(temporary) / "Dockerfile").write_text("FROM scratch\nADD base.tar /\n")
        program = find_engine()
        how = ["--isolation", "chroot"] if program == "buildah" else []
        subprocess.run([program, "build", *how, "--tag", name, temporary], check=True)
    return 0


def _git(*arguments: str) -> str:
    """Empty where these sources are no repository."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
