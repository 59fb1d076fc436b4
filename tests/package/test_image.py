"""The image that `make docker` builds: what is in it, that it is the same each time, and that it runs."""

import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.support.image import build_image, image_archive

LARGEST = 220 * 2**20
"""Bytes: it measured 206 MB; Debian with Python and all packages would be 390."""


@dataclass(frozen=True)
class Image:
    """An image's configuration, and its one layer unpacked."""

    archive: Path
    configuration: dict[str, Any]
    root: Path

    def digests(self) -> list[str]:
        found: list[str] = self.configuration["rootfs"]["diff_ids"]
        return found


def unpacked(archive: Path, folder: Path) -> Image:
    files, root = folder / "files", folder / "root"
    with tarfile.open(archive) as tar:
        tar.extractall(files, filter="data")
    [manifest] = json.loads((files / "manifest.json").read_text())
    [layer] = manifest["Layers"]
    with tarfile.open(files / layer) as tar:
        tar.extractall(root, filter="tar")
    return Image(archive, json.loads((files / manifest["Config"]).read_text()), root)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return unpacked(image_archive(tmp_path_factory), tmp_path_factory.mktemp("image"))


def test_its_version_is_its_tag_and_its_labels_say_what_it_is(image: Image) -> None:
    labels = image.configuration["config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == version("jwt-to-rbac")
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert len(labels["org.opencontainers.image.revision"]) == 40
    with tarfile.open(image.archive) as tar:
        member = tar.extractfile("manifest.json")
        assert member is not None
        [manifest] = json.load(member)
    assert manifest["RepoTags"][0].endswith(f"jwt-to-rbac:{version('jwt-to-rbac')}")


def test_nobody_in_it_is_root_and_nothing_can_be_changed_by_who_it_runs_as(image: Image) -> None:
    assert image.configuration["config"]["User"] == "65532:65532"
    writable = [
        str(path.relative_to(image.root))
        for path in image.root.rglob("*")
        if not path.is_symlink() and path.lstat().st_mode & 0o6022
    ]
    assert writable == []


def test_it_holds_no_shell_and_no_tool_to_bring_one(image: Image) -> None:
    names = {path.name for path in image.root.rglob("*") if path.parent.name in ("bin", "sbin")}
    assert names == {
        "jwt-to-rbac",
        "kubectl-jwt_to_rbac",
        *(name for name in names if name.startswith("python3")),
        "python",
    }
    assert not list(image.root.rglob("pip"))


def test_it_is_small(image: Image) -> None:
    assert image.archive.stat().st_size < LARGEST


def test_it_trusts_mozillas_authorities_alone(image: Image) -> None:
    """Those of the machine that built it are nobody else's business."""
    authorities = Path("/usr/share/ca-certificates/mozilla").glob("*.crt")
    mozillas = certificates("".join(path.read_text() for path in authorities))
    here = certificates(Path("/etc/ssl/certs/ca-certificates.crt").read_text())
    trusted = certificates((image.root / "etc/ssl/certs/ca-certificates.crt").read_text())
    assert len(trusted & mozillas) > 50
    assert not trusted & (here - mozillas)


def certificates(pem: str) -> set[str]:
    return {part.strip() for part in pem.split("-----END CERTIFICATE-----")} - {""}


def test_the_bill_names_every_package_and_library_in_it(image: Image) -> None:
    bill = json.loads((image.root / "usr/share/sbom/jwt-to-rbac.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    named = {one["name"].lower().replace("_", "-").replace(".", "-") for one in bill["components"]}
    packages = (image.root / "opt/jwt-to-rbac/lib").glob("python3*/site-packages/*.dist-info")
    installed = {path.name.split("-")[0].lower().replace("_", "-") for path in packages}
    assert {name.replace(".", "-") for name in installed} - named == {"jwt-to-rbac"}
    assert {"libc6", "cpython"} <= named


@pytest.mark.parametrize("user", [65532, 12345], ids=["its-own", "a-random-one"])
def test_it_runs_as_any_user_without_a_shell(image: Image, user: int) -> None:
    command = image.configuration["config"]["Entrypoint"]
    environment = dict(one.split("=", 1) for one in image.configuration["config"]["Env"])
    done = subprocess.run(
        ["chroot", f"--userspec={user}:{user}", image.root, *command, "config", "schema"],
        env={"PATH": os.environ["PATH"]} | environment | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["title"] == "jwt-to-rbac"


def test_the_same_sources_make_the_same_layer(image: Image, tmp_path: Path) -> None:
    again = unpacked(build_image(tmp_path), tmp_path)
    assert again.digests() == image.digests()
