"""`make sabotages`: the program broken on purpose, and after how many histories that was noticed, by what.

A judge who has never condemned anybody proves nothing.
"""

import asyncio
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from jwt_to_rbac.sandbox import Sandbox, start
from tests.histories.running import AT_ONCE, run
from tests.histories.sabotages import SABOTAGES
from tests.histories.steps import TO_EVERYBODY
from tests.histories.world import World, world
from tests.support.cluster import clear, install, wait_for_collector
from tests.support.issuer import ManyPeople, many_people
from tests.support.oracle.recorder import Recorder, recording

MOST = 150
"""Histories that are played until one must have noticed."""

RESTS_WITHIN = 20.0
"""Seconds: less than elsewhere, since what is broken never comes to rest."""


LEFT_OUT = {"changed_namespaces_are_not_followed": TO_EVERYBODY.keys()}
"""Steps that would make up for what is broken: another policy or another leader has everybody looked at, and
so are those whose namespaces have changed."""


def main(names: Sequence[str]) -> int:
    missed = []
    with start() as sandbox, many_people() as issuer:
        install(sandbox)
        # Else a session that is left until then would be taken for a promise that was broken.
        wait_for_collector(sandbox)
        with recording(sandbox.kubeconfig) as recorder:
            for name in names:
                ended, by = asyncio.run(_one(sandbox, issuer, recorder, name))
                _say(f"{name}: {f'noticed after {ended}: {by}' if by else 'not noticed'}")
                missed += [] if by else [name]
                clear(sandbox)
    _say(f"{len(names)} sabotages, {len(missed)} not noticed: {', '.join(missed)}")
    return 1 if missed else 0


async def _one(
    sandbox: Sandbox, issuer: ManyPeople, recorder: Recorder, name: str
) -> tuple[int, str]:
    broken = ("tests.histories.sabotages", name)
    with tempfile.TemporaryDirectory() as folder:
        async with world(sandbox, issuer, recorder, Path(folder), broken) as made:
            made.rests_within = RESTS_WITHIN
            return await _noticed(made, LEFT_OUT.get(name, ()))


async def _noticed(made: World, without: Collection[str]) -> tuple[int, str]:
    """After how many histories, and by what; empty for never."""
    ended, by = 0, ""

    def until_noticed() -> Iterator[int]:
        for seed in range(1, MOST + 1):
            if by:
                return
            yield seed

    def done(_: int, wrong: Sequence[str]) -> None:
        nonlocal ended, by
        if not by:
            ended, by = ended + 1, wrong[0] if wrong else ""

    await run(made, until_noticed(), AT_ONCE, done, without)
    return ended, by


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(SABOTAGES)))
