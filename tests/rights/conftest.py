"""A cluster of these tests' own: its API server audits, and admission policies are in force on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox, start
from tests.rights.asked import audit_flags
from tests.rights.installation import MODES, Installed
from tests.support.cluster import install
from tests.support.issuer import ManyPeople, many_people


@pytest.fixture(scope="session")
def audit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="session")
def sandbox(audit_folder: Path) -> Iterator[Sandbox]:
    """Not the shared one: other tests' servers need not survive the restart for auditing."""
    with start() as running:
        running.stop("kube-apiserver")
        running.start("kube-apiserver", *audit_flags(audit_folder))
        install(running)
        yield running


@pytest.fixture(scope="session")
def issuer() -> Iterator[ManyPeople]:
    with many_people() as running:
        yield running


@pytest.fixture(scope="session")
def installations(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Installed]:
    made = {
        mode: Installed(sandbox, issuer, mode, tmp_path_factory.mktemp(mode), web=mode == "dynamic")
        for mode in MODES
    }
    for one in made.values():
        assert one.release
    return made


@pytest.fixture(params=MODES, scope="session")
def installed(request: pytest.FixtureRequest, installations: dict[str, Installed]) -> Installed:
    """The program, installed with its roles in the manifests, and keeping them itself."""
    mode: str = request.param
    return installations[mode]
