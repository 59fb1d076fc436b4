"""The image of these sources, built once a test run as `make docker` builds it. No assertions."""

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.package.building import run

BASE = "localhost/jwt-to-rbac-base"


def image_archive(factory: pytest.TempPathFactory) -> Path:
    """Its archive, from the first call's build; scripts/all_tests.py says where its parts share it."""
    shared = os.environ.get("TEST_RUN_FOLDER")
    folder = (Path(shared) if shared else factory.getbasetemp()) / "image"
    archive = folder / f"jwt-to-rbac-{version('jwt-to-rbac')}.tar"
    return archive if archive.exists() else build_image(folder)


def build_image(folder: Path) -> Path:
    """Build it, on a base from apt, which this machine keeps from then on. Its archive in `folder`."""
    there = subprocess.run(["buildah", "inspect", "--type", "image", BASE], capture_output=True)
    if there.returncode != 0:
        run("make", "--no-print-directory", "base")
    run("make", "--no-print-directory", "docker", f"BASE={BASE}", f"DIST={folder}")
    return folder / f"jwt-to-rbac-{version('jwt-to-rbac')}.tar"
