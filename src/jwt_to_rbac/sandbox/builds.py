"""Builds the sandbox's upstream programs from the pinned Go modules in `toolset/`, once a machine.

Which programs there are and with which flags is said here; finding Go and a C compiler, and
running the programs, is not.
"""

import hashlib
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from jwt_to_rbac.sandbox.compiler import find_compiler
from jwt_to_rbac.sandbox.errors import ProgramMissing
from jwt_to_rbac.sandbox.filelock import locked
from jwt_to_rbac.sandbox.go import find_go, go_environment
from jwt_to_rbac.sandbox.gobuild import GoBuild, run_build
from jwt_to_rbac.sandbox.places import cache_home

TOOLSET = Path(__file__).parent / "toolset"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Program:
    """One upstream program: the module that pins it, its package, and how it is linked."""

    name: str
    module: str
    package: str
    stamp: str = ""
    cgo: bool = False

    @property
    def ldflags(self) -> str:
        """Stripped (a third of the size), with the version that a person will be shown."""
        return f"-s -w {self.stamp}".strip()


_KUBERNETES = "-X k8s.io/component-base/version.gitVersion=v1.37.2"
PROGRAMS = (
    Program("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
    Program("dex", "dex", "github.com/dexidp/dex/cmd/dex", "-X main.version=v2.41.1", cgo=True),
    *(
        Program(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", _KUBERNETES)
        for name in ("kube-apiserver", "kube-controller-manager", "kubectl")
    ),
)

HELM = Program("helm", "helm", "helm.sh/helm/v4/cmd/helm")
"""What installs the chart: no sandbox runs it, so it is none of `PROGRAMS`."""

KUBECONFORM = Program("kubeconform", "kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform")
"""What compares objects with their schemas, in tests: likewise."""


NODE = (
    *(
        Program(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", _KUBERNETES)
        for name in ("kubelet", "kube-scheduler", "kube-proxy")
    ),
    Program("coredns", "coredns", "github.com/coredns/coredns"),
    Program("pause", "pause", "jwt-to-rbac.io/sandbox/pause"),
)
"""What a node runs; containerd and runc are the machine's. Likewise none of `PROGRAMS`."""


def ensure_programs() -> dict[str, Path]:
    """The path of every program by name, built if need be (minutes; later milliseconds).

    Binaries in `$KUBEBUILDER_ASSETS` (the convention of Kubernetes' envtest) go first.
    Progress goes to standard error. Raises BuildFailed, ProgramMissing.
    """
    return {program.name: ensure_program(program) for program in PROGRAMS}


def ensure_program(program: Program) -> Path:
    """The path of one, likewise."""
    return _ready_made(program) or _built(program)


def cached_path(program: Program) -> Path:
    """Where `program` is or will be: the folder's name is a hash of all that decides its bytes."""
    module = TOOLSET / program.module
    recipe = hashlib.sha256()
    for part in (
        (module / "go.mod").read_bytes(),
        (module / "go.sum").read_bytes(),
        program.package.encode(),
        f"{program.ldflags} cgo={program.cgo}".encode(),
        _platform().encode(),
    ):
        recipe.update(hashlib.sha256(part).digest())
    return cache_home() / "programs" / recipe.hexdigest()[:16] / program.name


def _ready_made(program: Program) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    found = shutil.which(program.name, path=assets) if assets else None
    return Path(found).absolute() if found else None


def _built(program: Program) -> Path:
    path = cached_path(program)
    if path.exists():
        return path
    with locked(cache_home() / "programs" / f".{program.name}.lock"):
        # Whoever held the lock before us may have built just this.
        if not path.exists():
            _build(program, path)
    return path


def _build(program: Program, path: Path) -> None:
    environment = go_environment() | {"CGO_ENABLED": "1" if program.cgo else "0"}
    ldflags = program.ldflags
    if program.cgo:
        compiler = find_compiler()
        environment["CC"] = compiler.cc
        ldflags = f"{ldflags} {compiler.ldflags}".strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    run_build(
        GoBuild(
            name=program.name,
            go=find_go(),
            folder=TOOLSET / program.module,
            package=program.package,
            flags=("-mod=readonly", "-trimpath", "-ldflags", ldflags),
            output=unfinished,
            environment=environment,
        )
    )
    # In one step, so that a program that is there is always whole.
    unfinished.replace(path)


def _platform() -> str:
    return f"linux/{architecture()}"


def architecture() -> str:
    """What Go and images call this machine's processor. Raises ProgramMissing on any other."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _ARCHITECTURES:
        raise ProgramMissing(
            f"the sandbox needs Linux on x86_64 or aarch64, and this is {sys.platform} on {machine}"
        )
    return _ARCHITECTURES[machine]
