"""When a session ends, and which renewals are written down."""

import pytest

from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.core.session import Session, Wish, lapses_at


def session(seconds: int, stored: bool = False) -> Session:
    return Session("s", "jane", "laptop", 1000, 2000, 2000 + seconds, stored=stored)


@pytest.mark.parametrize(
    ("held", "end"),
    [
        pytest.param(session(600), 2000 + 600 + 60, id="a-minute-later-as-renewals-may-lag"),
        pytest.param(session(599), 2000 + 599, id="on-time-where-no-token-ends-so-soon"),
        pytest.param(
            session(3600, stored=True), 2000 + 3600, id="on-time-where-the-token-has-none"
        ),
    ],
)
def test_a_session_is_there_until_no_token_of_it_is_good(held: Session, end: int) -> None:
    assert held.ends_at() == end


@pytest.mark.parametrize(
    ("now", "seconds", "must"),
    [
        pytest.param(2000, 3600, False, id="nothing-new"),
        pytest.param(2059, 3600, False, id="within-a-minute"),
        pytest.param(2060, 3600, True, id="a-minute-later"),
        pytest.param(2000, 3540, True, id="a-minute-shorter"),
        pytest.param(2000, 3541, False, id="shorter-within-a-minute"),
        pytest.param(5000, 600, False, id="the-shortest-token-that-there-is"),
        pytest.param(5001, 599, True, id="so-short-that-the-session-must-end-on-time"),
    ],
)
def test_a_renewal_is_written_down_once_it_says_something_new(
    now: float, seconds: int, must: bool
) -> None:
    assert session(3600).must_record(now, seconds) is must


@pytest.mark.parametrize(
    "device",
    [
        pytest.param("d" * 129, id="too-long"),
        pytest.param("lap\ntop", id="a-line-break"),
        pytest.param("\u202epotpal", id="turned-round"),
    ],
)
def test_a_device_name_that_could_mislead_is_refused(device: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Wish(device=device)
    assert refused.value.code is Code.BODY_MALFORMED
    assert refused.value.detail == "device: must be at most 128 printable characters."


def test_any_readable_device_name_is_taken() -> None:
    assert Wish(device="żofie's laptop" + "." * 114).device


def test_access_lapses_with_the_last_session_or_a_while_after_the_person_was_seen() -> None:
    assert lapses_at(5000, [], 300) == 5300
    assert lapses_at(5000, [session(3600), session(600)], 300) == 2000 + 3600 + 60
    assert lapses_at(5000, [session(3600)], 3000) == 8000
