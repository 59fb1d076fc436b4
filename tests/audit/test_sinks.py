"""What ends up in files and pipes: whole lines, also from a disk that was full and after rotation."""

import json
import os
import resource
import select
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jwt_to_rbac.audit.file import File
from jwt_to_rbac.audit.opening import open_sink
from jwt_to_rbac.audit.sink import Appended, Lines, Stream
from jwt_to_rbac.core.errors import InvalidInput


def line(number: int, length: int = 20) -> bytes:
    return json.dumps({"n": number}).ljust(length).encode() + b"\n"


def numbers(path: Path) -> list[int]:
    """The records of a file that can be read; a line that was cut off is none."""
    found = []
    for one in path.read_bytes().splitlines():
        try:
            found.append(json.loads(one)["n"])
        except json.JSONDecodeError:
            continue
    return found


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Files of this process can't grow beyond `size`: the kernel writes what fits, then refuses."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def clock() -> float:
    return 1767268800.5


def test_a_line_that_was_cut_off_is_refused_and_never_continued(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    sink = File(path, clock)
    with room_for(47):
        appended = sink.append([line(1), line(2), line(3), line(4)])
        assert (appended.lines, appended.trouble) == (2, "File too large")
        assert sink.append([line(5)]).lines == 0
    assert sink.append([line(6), line(7)]) == Appended(2)
    assert numbers(path) == [1, 2, 6, 7]
    assert len(path.read_bytes().splitlines()) == 5, "two good, one half, two good"
    sink.close()


def test_half_a_line_of_an_earlier_process_is_ended_first(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(line(1) + b'{"n": 2, "eve')
    sink = File(path, clock)
    sink.append([line(3)])
    assert numbers(path) == [1, 3]
    sink.close()


def test_a_full_disk_refuses_every_line(tmp_path: Path) -> None:
    sink = File(Path("/dev/full"), clock)
    assert sink.append([line(1), line(2)]) == Appended(0, "No space left on device")
    sink.close()


@pytest.mark.parametrize(
    "tidy",
    [
        pytest.param(lambda path: path.rename(path.with_suffix(".old")), id="moved-away"),
        pytest.param(lambda path: path.unlink(), id="deleted"),
        pytest.param(
            lambda path: (path.rename(path.with_suffix(".old")), path.touch()), id="moved-and-made"
        ),
        pytest.param(lambda path: os.truncate(path, 0), id="cut-to-nothing"),
    ],
)
def test_a_file_that_logrotate_took_is_opened_anew(tmp_path: Path, tidy: object) -> None:
    path = tmp_path / "audit.log"
    sink = File(path, clock)
    sink.append([line(1)])
    tidy(path)  # type: ignore[operator]
    assert sink.append([line(2)]) == Appended(1)
    assert numbers(path) == [2]
    sink.close()


def test_a_large_file_is_moved_away_and_no_record_is_lost(tmp_path: Path) -> None:
    times = iter(range(100))
    path = tmp_path / "audit.log"
    sink = File(path, lambda: float(next(times)), rotate_bytes=60)
    for n in range(12):
        assert sink.append([line(n)]) == Appended(1)
    kept = [*sorted(tmp_path.glob("audit.log.*")), path]
    assert [numbers(one) for one in kept] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]
    assert kept[0].name == "audit.log.19700101T000000.000000Z"
    sink.close()


def test_only_as_many_old_files_are_kept_as_wished(tmp_path: Path) -> None:
    times = iter(range(100))
    sink = File(tmp_path / "audit.log", lambda: float(next(times)), rotate_bytes=20, keep=2)
    (tmp_path / "audit.log.notes").touch()
    for n in range(6):
        sink.append([line(n)])
    old = sorted(tmp_path.glob("audit.log.*Z"))
    assert [numbers(one) for one in old] == [[3], [4]]
    assert (tmp_path / "audit.log.notes").exists()
    sink.close()


def test_a_file_that_can_not_be_moved_away_goes_on_growing(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    # One moment only: the name for the second old file is taken.
    sink = File(path, clock, rotate_bytes=20)
    for n in range(4):
        assert sink.append([line(n)]) == Appended(1)
    assert numbers(path) == [1, 2, 3]
    sink.close()


def test_records_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    File(path, clock).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_place_that_can_not_be_opened_refuses_to_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere/audit.log can't be opened.*No such file"):
        open_sink(tmp_path / "nowhere" / "audit.log", clock, 1, 0)


def test_lines_of_several_writers_do_not_mix_in_one_pipe() -> None:
    read, write = os.pipe()
    batch = [line(n, 900) for n in range(200)]
    writers = [threading.Thread(target=Stream(write).append, args=(batch,)) for _ in range(3)]
    for one in writers:
        one.start()
    got = b""
    while len(got) < 3 * sum(map(len, batch)):
        got += os.read(read, 65536)
    for one in writers:
        one.join()
    assert sorted(json.loads(one)["n"] for one in got.splitlines()) == sorted([*range(200)] * 3)
    os.close(read)
    os.close(write)


def test_a_pipe_that_somebody_made_non_blocking_takes_everything() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    batch = [line(n, 900) for n in range(200)]
    done: list[Appended] = []
    writer = threading.Thread(target=lambda: done.append(Stream(write).append(batch)))
    writer.start()
    got = b""
    while len(got) < sum(map(len, batch)):
        got += os.read(read, 65536)
    writer.join()
    assert (got, done) == (b"".join(batch), [Appended(200)])
    os.close(read)
    os.close(write)


def test_a_pipe_without_a_reader_refuses() -> None:
    read, write = os.pipe()
    os.close(read)
    assert Stream(write).append([line(1)]) == Appended(0, "Broken pipe")
    os.close(write)


def test_groups_for_a_pipe_are_never_longer_than_it_takes_in_one_piece() -> None:
    read, write = os.pipe()
    lines = Lines(cut_off=True)
    lines.append(write, [line(1, select.PIPE_BUF // 2 - 1)] * 2)
    assert os.read(read, select.PIPE_BUF * 2).startswith(b"\n{")
    os.close(read)
    os.close(write)
