"""Where nobody can build the image its tests are left out, and that is said; where somebody can, nothing is."""

import os

import pytest

# Told by scripts/prepare.py before a run, and below its summary again.
LEFT_OUT = os.geteuid() != 0
collect_ignore = ["test_image.py"] if LEFT_OUT else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if LEFT_OUT:
        terminalreporter.write_line(
            "LEFT OUT: tests/package/test_image.py: only root can build it."
        )
