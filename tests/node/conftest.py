"""A cluster of these tests' own, with a node; the tests themselves are in its network."""

from collections.abc import Iterator

import pytest

from jwt_to_rbac.sandbox import Options, Sandbox, start
from jwt_to_rbac.sandbox.node.namespaces import network_of, obstacle
from tests.support.image import image_archive

OBSTACLE = obstacle()

# scripts/prepare.py tells it before, and below the summary of a run tells it again.
collect_ignore_glob = ["*"] if OBSTACLE else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if OBSTACLE:
        terminalreporter.write_line(f"LEFT OUT: tests/node, on a real node: {OBSTACLE}.")


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    archive = image_archive(tmp_path_factory)
    options = Options(node=True, issuer_tls=True)
    with start(options) as running, network_of(running.keeper_pid):
        running.load_image(archive)
        yield running
