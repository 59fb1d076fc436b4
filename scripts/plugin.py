#!/usr/bin/env python3
"""Makes kubectl's plugin as one file that needs Python alone, in an archive, and Krew's manifest for it.

    scripts/plugin.py OUT URL

The archive holds people's commands and what they import, from requirements.lock; the same
sources make the same bytes.
"""

import gzip
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "kubectl-jwt_to_rbac"
MAIN = "from jwt_to_rbac.cli.entry import main\nmain()\n"
# zip can't say an earlier time; a moment of building would make every archive another one.
EPOCH = (1980, 1, 1, 0, 0, 0)
# Compiled parts can't be read from an archive and would tie it to one platform; all of them
# are beside the same in Python. Whatever runs in a server is not for people's machines.
LEFT_OUT = re.compile(r"\.(so|pyc)$|(^|/)(bin|share|sandbox/toolset)/|direct_url\.json$|/RECORD$")


def main(out: Path, url: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"{NAME}-{project['version']}.tar.gz"
    with tempfile.TemporaryDirectory() as folder:
        _install(Path(folder), project["dependencies"])
        archive.write_bytes(_archive(_program(Path(folder))))
    manifest = (ROOT / "packaging" / "krew.yaml").read_text()
    filled = manifest.format(
        version=project["version"],
        uri=f"{url.rstrip('/')}/{archive.name}",
        sha256=hashlib.sha256(archive.read_bytes()).hexdigest(),
    )
    (out / "jwt-to-rbac.yaml").write_text(filled)
    print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB")


def _install(folder: Path, dependencies: list[str]) -> None:
    # As constraints: a lock with hashes would want one of this very project too.
    pinned = re.findall(
        r"^[A-Za-z0-9._-]+==[^ ;\\\n]+", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(pinned))
    install = ["uv", "pip", "install", "--quiet", "--python", sys.executable, "--system-certs"]
    install += ["--target", str(folder)]
    subprocess.run([*install, "--constraints", str(constraints), *dependencies], check=True)
    subprocess.run([*install, "--no-deps", str(ROOT)], check=True)
    constraints.unlink()


def _program(folder: Path) -> bytes:
    """A zip that Python runs, with the line before it that has a shell call Python."""
    text = io.BytesIO(b"#!/usr/bin/env python3\n")
    text.seek(0, io.SEEK_END)
    with zipfile.ZipFile(text, "a", zipfile.ZIP_DEFLATED) as program:
        names = {str(p.relative_to(folder)): p for p in folder.glob("*/**/*") if p.is_file()}
        kept = {
            name: path.read_bytes() for name, path in names.items() if not LEFT_OUT.search(name)
        }
        # A package without an __init__.py (ruamel) is found in a zip by its folder's own entry.
        kept |= {f"{parent}/": b"" for name in list(kept) for parent in Path(name).parents[:-1]}
        for name, content in sorted((kept | {"__main__.py": MAIN.encode()}).items()):
            program.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return text.getvalue()


def _archive(program: bytes) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, mode, content in (
            (NAME, 0o755, program),
            ("LICENSE", 0o644, (ROOT / "LICENSE").read_bytes()),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
