"""The committed inputs of a target: read, varied for the suite, and kept as few as will do."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import TraceFunction

FOLDER = Path(__file__).parent / "corpus"
LONGEST = 4096
"""Bytes of an input: the bounds beyond that have tests of their own."""


def inputs(target: str) -> list[bytes]:
    """In the order of their names."""
    return [file.read_bytes() for file in sorted((FOLDER / target).iterdir())]


def variants(
    seeds: Sequence[bytes], words: Sequence[str], number: int, seed: int
) -> Iterator[bytes]:
    """`number` mutations of the inputs, the same for the same seed: cut, put, moved, spliced."""
    chance = random.Random(seed)
    for _ in range(number):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            start = chance.randrange(1, len(data) + 1) if data else 0
            end = min(len(data), start + chance.choice((0, 0, 1, 4, 30)))
            other = chance.choice(seeds)
            place = chance.randrange(len(other) + 1)
            data[start:end] = chance.choice(
                (
                    b"",
                    chance.choice(words).encode(),
                    bytes([chance.randrange(256)]),
                    other[place : place + chance.choice((2, 8, 60))],
                    bytes(data[start:end]) * chance.choice((2, 40)),
                )
            )
        yield bytes(data[:LONGEST])


def fewest(one: Callable[[bytes], None], found: Iterable[bytes]) -> list[bytes]:
    """Of the inputs, shortest first, those that go a way through our code that none before did."""
    kept, seen = [], set[tuple[str, int, int]]()
    for data in sorted(found, key=lambda each: (len(each), each)):
        ways = _ways(one, data)
        if not ways <= seen:
            kept.append(data)
            seen |= ways
    return kept


def keep(target: str, kept: Iterable[bytes]) -> None:
    """Add to the committed ones what isn't among them, named by its hash."""
    there = set(inputs(target))
    for data in kept:
        if data not in there:
            (FOLDER / target / sha256(data).hexdigest()[:12]).write_bytes(data)


def _ways(one: Callable[[bytes], None], data: bytes) -> set[tuple[str, int, int]]:
    ways: set[tuple[str, int, int]] = set()
    last: dict[FrameType, int] = {}

    def stepped(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
        name = frame.f_code.co_filename
        if "jwt_to_rbac" not in name:
            return None
        ways.add((name, last.get(frame, 0), frame.f_lineno))
        last[frame] = frame.f_lineno
        return stepped

    sys.settrace(stepped)
    try:
        one(data)
    finally:
        sys.settrace(None)
    return ways
