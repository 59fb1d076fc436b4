"""The one sandbox that all tests of a run share; nothing that only some tests need belongs here.

Tests keep out of each other's way by using people and namespaces of their own.
"""

from collections.abc import Generator, Iterator

import pytest

from jwt_to_rbac.sandbox import Sandbox, SandboxError, start


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A real control plane, Dex and directory, gone after the run, however it ends."""
    with start() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell with a failed test that a part of its sandbox had died, since that is the cause."""
    report = yield
    shared = getattr(item, "funcargs", {}).get("sandbox")
    if report.failed and isinstance(shared, Sandbox):
        report.sections += [("the sandbox", text) for text in _trouble(shared)]
    return report


def _trouble(sandbox: Sandbox) -> list[str]:
    try:
        return sandbox.trouble()
    except SandboxError as gone:
        return [str(gone)]
