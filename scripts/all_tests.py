"""Runs all tests for `make test`: files side by side, a second look at what failed there, then what is marked `quiet`.

A worker has a control plane of its own, of .7 GB. Files keep their order, so that what a test finds on its
cluster depends as little as may be on which worker was free. Ends with pytest's exit code.

The second look runs again, alone and on a fresh control plane, the few tests that failed beside others: two
clusters, browsers and builds on two cores are slower than any bound in time foresees, and a test that then
passes had failed of that. It is named at the end all the same. What runs alone anyway gets none: there a
failure is a fault, of the test or of the program.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SECOND_LOOKS = 5
"""More failures than this in 3,200 tests are no accident of a busy machine."""

FAILED_TESTS = Path(".pytest_cache/v/cache/lastfailed")


def main(workers: str) -> int:
    beside = ("-m", "not quiet", "-n", workers, "--dist", "loadfile", "--no-loadscope-reorder")
    code, forgiven = _pytest("--cache-clear", *beside), list[str]()
    failed = sorted(json.loads(FAILED_TESTS.read_text())) if FAILED_TESTS.exists() else []
    # 1: some failed; 2 and up: interrupted, broken, misused.
    if code == 1 and 0 < len(failed) <= SECOND_LOOKS:
        _tell(f"A second look, alone, at the {len(failed)} that failed:", failed)
        code = _pytest("--last-failed", "--last-failed-no-failures", "none")
        forgiven = failed if code == 0 else []
    alone = _pytest("-m", "quiet")
    if forgiven:
        _tell(
            "Passed at the second look, alone; at the first one, beside others, failed:", forgiven
        )
    return code or alone


def _tell(what: str, tests: list[str]) -> None:
    print(f"\n{what}", *tests, sep="\n  ", flush=True)


def _pytest(*arguments: str) -> int:
    return subprocess.call([sys.executable, "-m", "pytest", *arguments])


if __name__ == "__main__":
    try:
        # What one part has built, the other takes (tests/support/image.py).
        with tempfile.TemporaryDirectory() as os.environ["TEST_RUN_FOLDER"]:
            sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:  # pytest had it too, and cleans up.
        sys.exit(130)
