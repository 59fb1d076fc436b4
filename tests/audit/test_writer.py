"""Records in a hurry: in groups, never stopping the loop, refused in time and taken again by itself."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jwt_to_rbac.audit.file import File
from jwt_to_rbac.audit.sink import Appended, Stream
from jwt_to_rbac.audit.writer import Writer
from jwt_to_rbac.core.errors import Code, Outage

LINE = b"x" * 1000 + b"\n"
PATIENCE = 0.2


@dataclass
class Counting:
    """A sink that remembers its batches."""

    batches: list[int] = field(default_factory=list)
    closed: bool = False

    def append(self, lines: Sequence[bytes]) -> Appended:
        self.batches.append(len(lines))
        return Appended(len(lines))

    def append_now(self, line: bytes) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


@dataclass
class Pipe:
    """A small pipe that nobody reads until told to, with a writer onto it."""

    read: int
    end: int
    writer: Writer

    def drain(self) -> bytes:
        got = b""
        os.set_blocking(self.read, False)
        while True:
            try:
                got += os.read(self.read, 65536)
            except BlockingIOError:
                return got


@pytest.fixture
async def pipe() -> AsyncIterator[Pipe]:
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    made = Pipe(read, write, Writer(Stream(write), PATIENCE))
    yield made
    os.close(read)  # A write that hangs ends with this.
    await made.writer.close()
    os.close(write)


async def outcome(writer: Writer) -> str:
    try:
        await writer.write(LINE)
    except Outage as refused:
        return f"{refused.code}: {refused.detail}"
    return "written"


async def test_records_that_come_together_are_written_together() -> None:
    sink = Counting()
    writer = Writer(sink)
    await asyncio.gather(*(writer.write(LINE) for _ in range(50)))
    assert sink.batches == [50]
    await writer.close()
    assert sink.closed


async def test_a_pipe_with_room_takes_a_record_at_once_and_without_a_change_of_its_flags(
    pipe: Pipe,
) -> None:
    writing = pipe.writer.write(LINE)
    with pytest.raises(StopIteration):
        writing.send(None)  # Done in one step: nothing was waited for.
    assert pipe.drain() == LINE
    assert os.get_blocking(pipe.end)


async def test_a_record_longer_than_a_pipe_takes_in_one_piece_is_written_all_the_same(
    pipe: Pipe,
) -> None:
    long = b"y" * 6000 + b"\n"
    writing = asyncio.create_task(pipe.writer.write(long))
    got = b""
    async with asyncio.timeout(5):
        while len(got) < len(long):
            await asyncio.sleep(0)
            got += pipe.drain()
        await writing
    assert got == long


async def test_a_record_is_written_before_write_returns(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    writer = Writer(File(path, time.time))
    for n in range(1, 6):
        await writer.write(LINE)
        assert path.read_bytes() == LINE * n
    await writer.close()


async def test_a_pipe_that_nobody_reads_refuses_in_time_and_the_loop_goes_on(pipe: Pipe) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    working = asyncio.create_task(others())
    began = time.monotonic()
    outcomes = [await outcome(pipe.writer) for _ in range(6)]
    working.cancel()
    assert outcomes[:4] == ["written"] * 4
    assert outcomes[4].startswith(Code.AUDIT_UNAVAILABLE)
    assert "nothing was taken for 0.2 s" in outcomes[4]
    # Nobody waits for what is known to be stuck.
    assert "takes nothing at present" in outcomes[5]
    assert time.monotonic() - began < 2 * PATIENCE + 1
    assert turns >= 5, "the event loop stood still"


async def test_a_pipe_that_is_read_again_takes_records_again_by_itself(pipe: Pipe) -> None:
    while "nothing was taken" not in await outcome(pipe.writer):
        pass
    waited_behind = await asyncio.gather(*(outcome(pipe.writer) for _ in range(3)))
    assert "written" not in waited_behind
    before = pipe.drain()
    async with asyncio.timeout(5):
        while await outcome(pipe.writer) != "written":  # noqa: ASYNC110  (as logins find out)
            await asyncio.sleep(0)
    after = pipe.drain()
    # Four, the one whose write hung, and the one of now: none of those refused behind it.
    assert (before + after) == LINE * 6


async def test_a_full_disk_refuses_with_its_reason_and_recovers_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.symlink_to("/dev/full")
    writer = Writer(File(path, time.time))
    assert "No space left on device" in await outcome(writer)
    path.unlink()
    assert await outcome(writer) == "written"
    assert path.read_bytes() == LINE
    await writer.close()


async def test_a_group_that_was_written_in_part_is_acknowledged_in_that_part() -> None:
    class Half(Counting):
        def append(self, lines: Sequence[bytes]) -> Appended:
            return Appended(len(lines) // 2, "half of it")

    writer = Writer(Half())
    outcomes = await asyncio.gather(*(outcome(writer) for _ in range(10)))
    assert [one == "written" for one in outcomes] == [True] * 5 + [False] * 5
    await writer.close()


async def test_more_records_than_fit_into_memory_are_refused_at_once() -> None:
    writer = Writer(Counting(), most_waiting=3)
    outcomes = await asyncio.gather(*(outcome(writer) for _ in range(5)))
    assert outcomes[:3] == ["written"] * 3
    assert all("too many records wait" in one for one in outcomes[3:])
    await writer.close()


async def test_whoever_stops_waiting_does_not_disturb_the_others() -> None:
    writer = Writer(Counting())
    gone = asyncio.create_task(outcome(writer))
    others = [asyncio.create_task(outcome(writer)) for _ in range(3)]
    await asyncio.sleep(0)
    gone.cancel()
    assert await asyncio.gather(*others) == ["written"] * 3
    await writer.close()


async def test_after_the_end_nothing_is_taken_and_nobody_hangs() -> None:
    writer = Writer(Counting())
    last = asyncio.create_task(outcome(writer))
    await asyncio.sleep(0)
    await writer.close()
    assert await last == "written"
    assert "this program is stopping" in await outcome(writer)


async def test_a_stuck_sink_does_not_keep_the_process_from_stopping(pipe: Pipe) -> None:
    while await outcome(pipe.writer) == "written":
        pass
    async with asyncio.timeout(1):
        await pipe.writer.close()
