"""What a record may hold: named fields with plain values, written in the documented order."""

import inspect
import json
import os
import re
from dataclasses import dataclass

import pytest

from jwt_to_rbac.audit import record
from jwt_to_rbac.audit.record import Record, in_milliseconds
from jwt_to_rbac.audit.sink import Stream
from jwt_to_rbac.audit.trail import AuditTrail
from jwt_to_rbac.audit.writer import Writer
from jwt_to_rbac.core.errors import Code
from jwt_to_rbac.ports import Request

STRANGE = 'jané\n{"event":"login"}\r\x00\x0b\x1c\x85\u2028\u2029!'
"""Every character that some reader or other takes for the end of a line."""


@dataclass(frozen=True)
class Shown:
    """Somebody with their token, as a careless call might hand it over."""

    token: str = "a.secret.token"


class Recorded:
    """A trail into a pipe, and what came out of it."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._writer = Writer(Stream(self._write))
        self.trail = AuditTrail(self._writer, "replica-1", lambda: 1767268800.1239)

    async def lines(self) -> list[str]:
        await self._writer.close()
        os.close(self._write)
        with os.fdopen(self._read) as pipe:
            return pipe.read().splitlines()


async def test_a_record_is_one_line_of_json_in_the_documented_order() -> None:
    recorded = Recorded()
    await recorded.trail.record(
        "login_refused",
        taken=["admin@cluster"],
        code=Code.NO_ACCESS,
        request=Request("r1", "192.0.2.7"),
        subject=None,
    )
    (line,) = await recorded.lines()
    assert line == (
        '{"time":"2026-01-01T12:00:00.123Z","event":"login_refused","request":"r1",'
        '"replica":"replica-1","source":"192.0.2.7","code":"no_access","taken":["admin@cluster"]}'
    )


async def test_what_happens_unattended_names_no_request() -> None:
    recorded = Recorded()
    await recorded.trail.record("repair", account="jane")
    (line,) = await recorded.lines()
    assert json.loads(line).keys() == {"time", "event", "replica", "account"}


async def test_nobody_writes_a_second_record_into_a_value() -> None:
    recorded = Recorded()
    await recorded.trail.record("login", username=STRANGE)
    (line,) = await recorded.lines()
    assert json.loads(line)["username"] == STRANGE


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Shown(), id="an-object-with-a-token"),
        pytest.param({"token": "a.secret.token"}, id="a-mapping"),
        pytest.param(b"a.secret.token", id="bytes"),
        pytest.param([Shown()], id="objects-in-a-list"),
        pytest.param([["a.secret.token"]], id="a-list-in-a-list"),
        pytest.param(ValueError("a.secret.token"), id="an-exception"),
    ],
)
async def test_only_plain_values_come_into_a_record(value: object) -> None:
    recorded = Recorded()
    with pytest.raises(TypeError, match="username of an audit record") as refused:
        await recorded.trail.record("login", username=value)  # type: ignore[arg-type]
    assert "secret" not in str(refused.value)
    assert await recorded.lines() == []


async def test_a_field_that_is_not_documented_is_refused() -> None:
    recorded = Recorded()
    with pytest.raises(TypeError, match="token"):
        await recorded.trail.record("login", token="a.secret.token")
    assert await recorded.lines() == []


def test_every_field_is_documented_in_the_order_of_its_writing() -> None:
    table = inspect.getdoc(record) or ""
    rows = re.findall(r"^    (\w+(?:, \w+)*)  ", table, re.MULTILINE)
    assert [name for row in rows for name in row.split(", ")] == list(Record.__struct_fields__)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(0.0, "1970-01-01T00:00:00.000Z", id="whole"),
        pytest.param(1767225599.9999, "2025-12-31T23:59:59.999Z", id="never-rounded-up"),
    ],
)
def test_times_have_three_digits(seconds: float, text: str) -> None:
    assert in_milliseconds(seconds) == text
