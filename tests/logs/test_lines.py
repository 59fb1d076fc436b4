"""What a log line holds, what it never holds, and that it never stops the program."""

import ast
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.typing import FilteringBoundLogger

import jwt_to_rbac
from jwt_to_rbac.logs import KEYS, LEVELS, LibraryHandler, Stderr, make_log

SECRET = "eyJhbGciOi.canary.token"


class Pipe:
    """A log into a pipe."""

    def __init__(self, form: str = "json", level: str = "info", color: bool = False) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        self.log: FilteringBoundLogger = make_log(level, form, color, Stderr(self._write))

    def text(self) -> str:
        got = b""
        try:
            while part := os.read(self._read, 65536):
                got += part
        except BlockingIOError:
            pass
        return got.decode()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


def fail() -> None:
    """An error whose every word is a secret, with a cause of the same sort."""
    raise ValueError(f"bad token {SECRET}") from KeyError(SECRET)


def test_a_line_is_json_with_time_level_and_event_first(pipe: Pipe) -> None:
    pipe.log.warning("A request failed", status=503, code="busy")
    (line,) = pipe.lines()
    assert list(line)[:3] == ["time", "level", "event"]
    assert line["time"].endswith("Z")
    del line["time"]
    assert line == {"level": "warning", "event": "A request failed", "status": 503, "code": "busy"}


def test_a_fact_that_is_not_allowed_is_left_out_and_counted(pipe: Pipe) -> None:
    pipe.log.info("Something", token=SECRET, body=SECRET, status=200)
    text = pipe.text()
    assert SECRET not in text
    assert json.loads(text)["unknown_keys"] == 2


def test_of_an_error_only_its_class_and_places_are_told(pipe: Pipe) -> None:
    with pytest.raises(ValueError, match="bad token") as failed:
        fail()
    pipe.log.error("A request failed by an error of this program", error=failed.value)
    text = pipe.text()
    assert SECRET not in text
    line = json.loads(text)
    assert line["error"] == "ValueError"
    assert line["trace"][-1].startswith("test_lines:")
    assert line["trace"][-1].endswith(" fail")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("x" * 10_000, "x" * 500, id="a-long-text-is-cut"),
        pytest.param(["a"] * 100, ["a"] * 20, id="a-long-list-is-cut"),
        pytest.param({"token": SECRET}, "dict", id="a-mapping-is-only-named"),
        pytest.param(SECRET.encode(), "bytes", id="bytes-are-only-named"),
        pytest.param([SECRET.encode()], "list", id="a-list-of-others-is-only-named"),
        pytest.param("a\nb\x1b[2J\u2028c", "a\nb\x1b[2J\u2028c", id="odd-characters-are-escaped"),
    ],
)
def test_values_are_plain_and_short(pipe: Pipe, value: object, shown: object) -> None:
    pipe.log.info("Something", detail=value)
    assert [line["detail"] for line in pipe.lines()] == [shown]


@pytest.mark.parametrize(
    ("level", "told"),
    [
        pytest.param("debug", ["debug", "info", "warning", "error"], id="debug"),
        pytest.param("info", ["info", "warning", "error"], id="info"),
        pytest.param("warning", ["warning", "error"], id="warning"),
        pytest.param("error", ["error"], id="error"),
    ],
)
def test_lines_below_the_level_are_not_written(level: str, told: list[str]) -> None:
    pipe = Pipe(level=level)
    for one in ("debug", "info", "warning", "error"):
        getattr(pipe.log, one)("Something")
    assert [line["level"] for line in pipe.lines()] == told
    pipe.close()


@pytest.mark.parametrize("color", [pytest.param(True, id="color"), pytest.param(False, id="plain")])
def test_text_is_for_people_and_keeps_to_the_same_keys(color: bool) -> None:
    pipe = Pipe("text", color=color)
    pipe.log.warning("A request failed", code="busy", token=SECRET, detail="a\n\x1b[2Jb")
    text = pipe.text()
    assert "A request failed" in text
    assert "busy" in text
    assert SECRET not in text
    assert text.count("\n") == 1
    assert "\x1b[2J" not in text
    assert ("\x1b[" in text) is color
    pipe.close()


def test_what_a_library_says_is_told_without_its_words(pipe: Pipe) -> None:
    library = logging.getLogger("test.library")
    library.propagate = False
    handler = LibraryHandler(pipe.log)
    library.addHandler(handler)
    try:
        library.warning("Bad header: %s", SECRET)
        library.info("nothing to tell")
        try:
            fail()
        except ValueError:
            library.exception(f"request {SECRET} failed")
    finally:
        library.removeHandler(handler)
    text = pipe.text()
    assert SECRET not in text
    first, second = map(json.loads, text.splitlines())
    assert (first["level"], first["library"]) == ("warning", "test.library")
    assert first["at"].startswith("test_lines:")
    assert (second["level"], second["error"]) == ("error", "ValueError")


def test_a_log_that_nobody_reads_loses_lines_and_says_so(pipe: Pipe) -> None:
    for _ in range(1000):
        pipe.log.info("Something", detail="x" * 400)
    read = pipe.text().count("\n")
    assert 100 < read < 1000
    pipe.log.info("Something")
    assert pipe.lines()[-1]["lost"] == 1000 - read
    pipe.log.info("Something")
    assert "lost" not in pipe.lines()[-1]


def test_a_log_that_is_closed_does_not_stop_the_program() -> None:
    read, write = os.pipe()
    log = make_log("info", "json", False, Stderr(write))
    os.close(read)
    log.info("Something")
    os.close(write)
    log.info("Something")


def test_every_line_of_the_program_uses_allowed_keys_and_a_fixed_event() -> None:
    source = Path(jwt_to_rbac.__file__).parent
    calls = 0
    for file in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = ast.unparse(node.func.value).rpartition(".")[2]
            if owner not in ("log", "_log") or node.func.attr not in LEVELS:
                continue
            calls += 1
            where = f"{file.relative_to(source)}:{node.lineno}"
            assert isinstance(node.args[0], ast.Constant), f"{where}: the event is not fixed"
            unknown = {one.arg for one in node.keywords if one.arg} - KEYS
            assert not unknown, f"{where}: {unknown}"
    assert calls >= 5
