"""The one sandbox that all tests of a run share; nothing that only some tests need belongs here.

Tests keep out of each other's way by using people and namespaces of their own.
"""

import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from jwt_to_rbac.sandbox import Sandbox, SandboxError, start

# The same examples each time, however long a busy machine takes for one: whoever sees a test fail
# sees it again, and what a mutant survives is no matter of luck. Looking further is for `make fuzz`.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")
# A mutant is killed by any example: the shortest one takes minutes to find, and is of no use.
settings.register_profile(
    "mutants", settings.get_profile("steady"), phases=[Phase.explicit, Phase.generate]
)


QUIET = ("limits", "node")
"""Folders whose tests are all `quiet`; elsewhere a file says so of itself."""

TOGETHER = ("rights",)
"""Folders with a cluster of their own, which one worker has from the first file to the last."""


class FilesInOrder(LoadFileScheduling):  # type: ignore[misc]  # xdist's scheduler has no types
    """A file, or a folder that stays TOGETHER, goes to the first worker that is free."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        folder = file.removeprefix("tests/").partition("/")[0]
        return folder if folder in TOGETHER else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesInOrder:
    return FilesInOrder(config, log)


def pytest_configure() -> None:
    # A shell that starts the run in the background has SIGINT ignored, which what we start inherits:
    # Ctrl-C, which tests press, would then do nothing.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in QUIET:
            item.add_marker(pytest.mark.quiet)


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
