"""Runs all tests for `make test`: files side by side, then one by one what is marked `quiet`, then a second look.

A worker has a control plane of its own, of .7 GB. Files keep their order, so that what a test finds on its
cluster depends as little as may be on which worker was free. Ends with pytest's exit code.

The second look runs again, alone and on a fresh control plane, the few tests that failed, as Kubernetes' own
suite and Bazel do: two clusters, browsers and builds on two cores are slower than any bound in time foresees,
and a test that then passes had failed of that. Whoever failed at first is named at the end all the same.
"""

import json
import subprocess
import sys
from pathlib import Path

SECOND_LOOKS = 5
"""More failures than this in 3,200 tests are no accident of a busy machine."""

FAILED_TESTS = Path(".pytest_cache/v/cache/lastfailed")


def main(workers: str) -> int:
    beside = ("-m", "not quiet", "-n", workers, "--dist", "loadfile", "--no-loadscope-reorder")
    # Each part adds its failures to the list, which pytest keeps for --last-failed.
    codes = [_pytest("--cache-clear", *beside), _pytest("-m", "quiet")]
    worst = max(codes)
    failed = sorted(json.loads(FAILED_TESTS.read_text())) if FAILED_TESTS.exists() else []
    if worst != 1 or not 0 < len(failed) <= SECOND_LOOKS:  # 2 and up: interrupted, broken, misused
        return worst
    print(
        f"\nA second look, alone, at the {len(failed)} that failed:",
        *failed,
        sep="\n  ",
        flush=True,
    )
    code = _pytest("--last-failed", "--last-failed-no-failures", "none")
    if code == 0:
        print("\nPassed at the second look alone; at the first one failed:", *failed, sep="\n  ")
    return code


def _pytest(*arguments: str) -> int:
    return subprocess.call([sys.executable, "-m", "pytest", *arguments])


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:  # pytest had it too, and cleans up.
        sys.exit(130)
