"""Nothing that runs beside the requests dies unnoticed, however it ends."""

import asyncio
import json
from pathlib import Path

import pytest

from jwt_to_rbac.logs import Stderr, make_log
from jwt_to_rbac.wiring.background import Background


async def works() -> None:
    await asyncio.Event().wait()


async def returns() -> None:
    """As if its work could be over."""


async def fails() -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(works())
        tasks.create_task(divides_by(0))


async def divides_by(number: int) -> None:
    assert 1 / number


async def is_cancelled() -> None:
    """As if a library had let a cancellation through that was its own."""
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("part", "error"),
    [(returns, None), (fails, "ZeroDivisionError"), (is_cancelled, None)],
    ids=["returns", "fails", "is cancelled"],
)
async def test_the_end_of_one_part_is_told_with_its_name_and_cause(
    part: object, error: str | None, tmp_path: Path
) -> None:
    assert callable(part)
    with (tmp_path / "log").open("wb") as stream:
        background = Background(make_log("info", "json", False, Stderr(stream.fileno())))
        background.start("good", works())
        background.start("bad", part())
        async with asyncio.timeout(5):
            await background.died.wait()
        await background.stop()
    (line,) = (tmp_path / "log").read_text().splitlines()
    told = json.loads(line)
    assert (told["level"], told["part"], told.get("error")) == ("error", "bad", error)
    assert "divides_by" in " ".join(told.get("trace", [])) or error is None


async def test_what_is_stopped_is_not_dead(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as stream:
        background = Background(make_log("info", "json", False, Stderr(stream.fileno())))
        for name in ("one", "two", "three"):
            background.start(name, works())
        await background.stop("one")
        await background.stop()
        await asyncio.sleep(0)
    assert not background.died.is_set()
    assert (tmp_path / "log").read_text() == ""
