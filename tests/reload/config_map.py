"""A folder with files as the kubelet mounts a ConfigMap: changed by swapping one link. No assertions."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path


class ConfigMap:
    """`folder/name` is a link to `..data/name`, and `..data` one to the folder of this version.

    As k8s.io/kubernetes/pkg/volume/util/atomic_writer.go makes them.
    """

    def __init__(self, folder: Path, data: Mapping[str, str]) -> None:
        self.folder = folder
        self._version = 0
        folder.mkdir()
        self.swap(data)
        for name in data:
            (folder / name).symlink_to(Path("..data", name))

    def swap(self, data: Mapping[str, str]) -> None:
        """All files change at once."""
        self._version += 1
        version = self.folder / f"..2026_01_01_{self._version}"
        version.mkdir()
        for name, text in data.items():
            (version / name).write_text(text)
        data_link, new_link = self.folder / "..data", self.folder / "..data_tmp"
        before = data_link.resolve() if data_link.is_symlink() else None
        new_link.symlink_to(version.name)
        os.rename(new_link, data_link)  # noqa: PTH104  (as the kubelet does)
        if before is not None:
            shutil.rmtree(before)
