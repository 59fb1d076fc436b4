"""Points in time and lines as records hold them."""

import json
import time

import pytest

from jwt_to_rbac.core.one_line import one_line
from jwt_to_rbac.core.short_line import short_line
from jwt_to_rbac.core.times import rfc3339


def test_a_text_in_a_message_is_one_line_that_can_be_seen_and_is_cut() -> None:
    assert short_line("a\r\nb\u202ec") == "a  b c"
    assert short_line("x" * 200) == "x" * 200
    assert short_line("x" * 201) == "x" * 200 + "…"


def test_a_time_is_written_in_utc_and_whole_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        assert rfc3339(1_767_268_800.9) == "2026-01-01T12:00:00Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_json_stays_one_line_for_whoever_reads_it() -> None:
    text = '{"a":"x\x85y\u2028z\u2029é"}'
    line = one_line(text.encode())
    assert line == b'{"a":"x\\u0085y\\u2028z\\u2029\xc3\xa9"}\n'
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line) == json.loads(text)
    assert one_line(b"{}") == b"{}\n"
