"""One run of the demo to its end, for all tests that only read what it told."""

import pytest

from tests.demo.running import Finished, run_demo


@pytest.fixture(scope="package")
def told_once() -> Finished:
    """`make demo ONCE=1`."""
    return run_demo("--once")
