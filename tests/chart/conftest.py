"""A cluster of these tests' own: what Helm installs it also removes, and other tests need theirs."""

from collections.abc import Iterator

import pytest

from jwt_to_rbac.sandbox import Sandbox, start
from jwt_to_rbac.sandbox.builds import HELM, ensure_program
from tests.support.helm import Helm


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(ensure_program(HELM), tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with start() as running:
        yield running
