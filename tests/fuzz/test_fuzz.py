"""No input makes a target break its promise: those that were kept, and the same mutations each time.

`make fuzz` looks further. Promises: only the documented errors leave, nothing is taken that isn't
properly signed, and one input costs neither much time nor much memory.
"""

import resource
from importlib import import_module
from time import process_time

import pytest

from tests.fuzz.__main__ import TARGETS
from tests.fuzz.corpus import inputs, variants

MUTATIONS = 1500
SLOWEST = 5.0
"""Seconds of the processor for one input; a usual one needs a thousandth."""
MOST_GROWTH = 400 * 1024
"""Kilobytes that a target's inputs may add to the process."""


@pytest.mark.parametrize("target", TARGETS)
def test_no_input_breaks_a_promise(target: str) -> None:
    module, kept = import_module(f"tests.fuzz.{target}"), inputs(target)
    assert kept
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with module.ready() as one:
        for data in (*kept, *variants(kept, module.WORDS, MUTATIONS, seed=1)):
            began = process_time()
            try:
                one(data)
            except Exception as broken:
                broken.add_note(f"the input: {data!r}")
                raise
            assert process_time() - began < SLOWEST, data
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH
