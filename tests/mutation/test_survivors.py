"""The list of survivors is about the code as it is, and gives a reason for each."""

from pathlib import Path

import pytest

from tests.mutation.survivors import FILE, Survivor, committed

SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize("survivor", committed(), ids=lambda survivor: survivor.function)
def test_a_survivor_is_of_code_that_is_there(survivor: Survivor) -> None:
    parts = survivor.function.split(".")
    module = SOURCE.joinpath(*parts[:3]).with_suffix(".py")
    # mutmut's lines are ruff's, but for a comment at their end.
    there = [line.partition("  #")[0].strip() for line in module.read_text().splitlines()]
    assert f"def {parts[-1]}(" in module.read_text()
    assert not [line for line in survivor.original() if line and line not in there]
    assert survivor.reason


def test_nothing_in_the_list_is_left_out_when_it_is_read() -> None:
    assert len(committed()) == FILE.read_text().count("\n### ")
