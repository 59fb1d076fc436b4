"""Runs the tests for `make test WORKERS=2`: so many files at once, then one by one those marked `quiet`.

Each worker has a control plane of its own, of .7 GB. Further arguments are pytest's, and hold for both
parts. Ends with pytest's exit code for the first part that failed.
"""

import subprocess
import sys

NONE_COLLECTED = 5
"""pytest's exit code, right where the arguments name tests of one kind alone."""


def main(workers: str, arguments: list[str]) -> int:
    parts: list[tuple[str, list[str]]] = [
        ("not quiet", ["-n", workers, "--dist", "loadfile"]),
        ("quiet", []),
    ]
    codes = [
        subprocess.call([sys.executable, "-m", "pytest", "-m", which, *how, *arguments])
        for which, how in parts
    ]
    failed = [code for code in codes if code not in (0, NONE_COLLECTED)]
    if failed:
        return failed[0]
    return 0 if 0 in codes else NONE_COLLECTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
