"""`make histories`: HISTORIES of them (1,000), from SEED (1) on, in a sandbox of their own.

`SEED=17 HISTORIES=1` plays one again.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from jwt_to_rbac.sandbox import start
from tests.histories.running import AT_ONCE, Failure, run, short
from tests.histories.world import World, world
from tests.support.cluster import install
from tests.support.issuer import many_people
from tests.support.oracle.recorder import recording

SHRINKING = 300.0
"""Seconds for making the first history that failed short."""


def main() -> int:
    seed, many = int(os.environ.get("SEED") or 1), int(os.environ.get("HISTORIES") or 1000)
    at_once = int(os.environ.get("AT_ONCE") or AT_ONCE)
    with (
        start() as sandbox,
        many_people() as issuer,
        tempfile.TemporaryDirectory() as folder,
    ):
        install(sandbox)
        with recording(sandbox.kubeconfig) as recorder:

            async def play() -> int:
                async with world(sandbox, issuer, recorder, Path(folder)) as made:
                    return await _all(made, range(seed, seed + many), at_once)

            return asyncio.run(play())


async def _all(made: World, seeds: Sequence[int], at_once: int) -> int:
    began, ended = time.monotonic(), 0

    def done(seed: int, broken: Sequence[str]) -> None:
        nonlocal ended
        ended += 1
        if broken:
            print(f"{time.monotonic() - began:.0f} s: SEED={seed} failed: {broken[0]}")
        if ended % 25 == 0 or ended == len(seeds):
            print(f"{time.monotonic() - began:.0f} s: {ended} of {len(seeds)} histories")
        sys.stdout.flush()

    failures = await run(made, seeds, at_once, done)
    rested = sorted(made.rested_after)
    if rested:
        half, last = rested[len(rested) // 2], rested[-1]
        print(
            f"at rest after: median {half:.1f} s, p99 {rested[len(rested) * 99 // 100]:.1f} s, last {last:.1f} s"
        )
    print("steps:", ", ".join(f"{what} {n}" for what, n in made.done.most_common()))
    for one in failures:
        print(one)
    if failures:
        await _shorten(made, failures[0])
    print(f"{len(seeds)} histories, {len(failures)} failed, {time.monotonic() - began:.0f} s")
    return 1 if failures else 0


async def _shorten(made: World, failure: Failure) -> None:
    steps = await short(made, failure.seed, SHRINKING)
    if steps is None:
        print(f"SEED={failure.seed} did not fail alone; it did beside {failure.beside}")
    else:
        print(f"SEED={failure.seed} fails with these steps alone:", *steps, sep="\n    ")


if __name__ == "__main__":
    sys.exit(main())
