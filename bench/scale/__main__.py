"""`python -m bench.scale [PEOPLE …]`: each number of people on a cluster of its own; a table."""

import asyncio
import sys
import tempfile
from pathlib import Path

from bench.scale.measure import HEAD, measure
from jwt_to_rbac.sandbox import start
from tests.support.issuer import many_people

RESTARTS = 5
"""The API server collects its garbage in some of them, which takes half a second."""


def main(sizes: list[int]) -> None:
    print(HEAD)
    for people in sizes:
        with (
            start() as sandbox,
            many_people() as issuer,
            tempfile.TemporaryDirectory() as folder,
        ):
            told = measure(sandbox, issuer, Path(folder), people, RESTARTS)
            print(asyncio.run(told).row())
            sys.stdout.flush()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10, 1_000, 10_000])
