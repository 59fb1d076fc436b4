"""Images into a node's containerd, from archives: no registry is asked for any."""

import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

from jwt_to_rbac.sandbox.builds import architecture
from jwt_to_rbac.sandbox.errors import PartFailed
from jwt_to_rbac.sandbox.node.files import socket


def load(folder: Path, archive: Path) -> None:
    """Import a Docker archive, its names as they are; `folder` is the node's. Raises PartFailed."""
    done = subprocess.run(
        ["ctr", f"--address={socket(folder)}", "--namespace=k8s.io", "images", "import", archive],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise PartFailed(f"containerd doesn't take {archive}: {done.stderr.strip()}")


def write_archive(archive: Path, name: str, files: dict[str, Path], entrypoint: str = "") -> None:
    """An image that holds these programs and libraries by their paths in it."""
    layer = _tar({path: file.read_bytes() for path, file in files.items()}, mode=0o755)
    configuration = {
        "architecture": architecture(),
        "os": "linux",
        "config": {"Entrypoint": [entrypoint]} if entrypoint else {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    parts = {
        "manifest.json": json.dumps(manifest).encode(),
        "config.json": json.dumps(configuration).encode(),
        "layer.tar": layer,
    }
    archive.write_bytes(_tar(parts, mode=0o644))


def _tar(files: dict[str, bytes], mode: int) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            tar.addfile(member, io.BytesIO(content))
    return whole.getvalue()
