"""What is remembered of a person, and how tokens change it: the newest one wins, in whatever order."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Identity, Person, ProvenPerson
from jwt_to_rbac.core.record import REMEMBERED, TOO_OLD, Record, advance, good_again_from, refusal

JANE = Identity("https://issuer.example", "jane")


def token(issued_at: int, *groups: str, identity: Identity = JANE) -> ProvenPerson:
    person = Person(identity, "jane", "jane@example.com", tuple(sorted(groups)))
    return ProvenPerson(person, issued_at, issued_at + 600, "00")


def record(issued_at: int, *groups: str) -> Record:
    return Record(token(issued_at, *groups).person, issued_at)


def test_the_first_token_is_remembered() -> None:
    assert advance(None, token(5, "a"), now=10) == record(5, "a")


def test_a_token_older_than_revocations_are_remembered_is_refused_to_the_second() -> None:
    last = REMEMBERED + 5
    assert advance(None, token(5, "a"), now=last) == record(5, "a")
    assert advance(None, token(5, "a"), now=last + 1) == TOO_OLD


@pytest.mark.parametrize(
    ("now", "issued_at", "not_before", "good_from"),
    [
        pytest.param(10.9, 5, None, 11, id="after now"),
        pytest.param(10, 20, None, 21, id="after the newest token, if its issuer's clock is ahead"),
        pytest.param(10, 5, 99, 99, id="not before an administrator lets it"),
        pytest.param(10, 5, 7, 11, id="after now, whatever was said long ago"),
    ],
)
def test_tokens_are_good_again_after_a_revocation_and_all_that_refused_them_before(
    now: float, issued_at: int, not_before: int | None, good_from: int
) -> None:
    known = replace(record(issued_at, "a"), not_before=not_before)
    assert good_again_from(known, now) == good_from


def test_a_newer_token_replaces_the_groups() -> None:
    assert advance(record(5, "a", "b"), token(6, "b"), now=10) == record(6, "b")


def test_an_older_token_never_brings_back_a_lost_group() -> None:
    assert advance(record(6, "b"), token(5, "a", "b"), now=10) == record(6, "b")


def test_two_tokens_of_one_second_leave_what_both_grant() -> None:
    assert advance(record(5, "a", "b"), token(5, "b", "c"), now=10) == record(5, "b")


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.frozensets(st.sampled_from("abc"))),
        min_size=1,
        max_size=4,
    )
)
def test_the_order_in_which_tokens_arrive_never_matters(
    tokens: list[tuple[int, frozenset[str]]],
) -> None:
    ends = set()
    for order in permutations(tokens):
        seen: Record | None = None
        for issued_at, groups in order:
            after = advance(seen, token(issued_at, *groups), now=10)
            assert isinstance(after, Record)
            seen = after
        ends.add(seen)
    assert len(ends) == 1, ends


@pytest.mark.parametrize(
    ("held", "denial"),
    [
        pytest.param(
            Record(token(5).person, 5, suspended=True),
            Denial(Code.SUSPENDED, "This person's access is suspended by an administrator."),
            id="suspended",
        ),
        pytest.param(
            Record(token(5).person, 5, expires_at=10),
            Denial(Code.ACCESS_EXPIRED, "This person's access has ended. Ask for a new term."),
            id="term-is-over",
        ),
        pytest.param(
            Record(token(5).person, 5, not_before=8),
            Denial(
                Code.TOKEN_REVOKED,
                "This token was issued before this person's access was last revoked. Log in anew.",
            ),
            id="issued-before-revocation",
        ),
    ],
)
def test_a_token_is_refused_with_its_reason(held: Record, denial: Denial) -> None:
    assert advance(held, token(7), now=10) == denial


def test_a_token_issued_after_the_revocation_is_good() -> None:
    held = Record(token(5).person, 5, not_before=8)
    after = advance(held, token(8, "a"), now=10)
    assert isinstance(after, Record)
    assert after.person.groups == ("a",)
    assert after.not_before == 8


@pytest.mark.parametrize("not_before", [None, 3, 8], ids=["alone", "older", "the-same"])
def test_a_remembered_revocation_holds_until_a_later_token(not_before: int | None) -> None:
    held = replace(record(5), not_before=not_before)
    denial = Denial(
        Code.TOKEN_REVOKED,
        "This token was issued before this person's access was last revoked. Log in anew.",
    )
    assert refusal(held, now=10, revoked=8) == denial
    assert advance(held, token(7), now=10, revoked=8) == denial
    assert advance(None, token(7), now=10, revoked=8) == denial
    after = advance(held, token(8), now=10, revoked=8)
    assert isinstance(after, Record)
    assert refusal(after, now=10, revoked=8) is None
    assert advance(None, token(8), now=10, revoked=8) == record(8)


def test_of_two_revocations_the_later_one_holds() -> None:
    held = replace(record(5), not_before=8)
    assert refusal(held, now=10, revoked=3) == refusal(held, now=10)
    assert refusal(held, now=10) is not None
    assert isinstance(advance(held, token(7), now=10, revoked=3), Denial)


def test_somebody_who_is_barred_is_told_that_and_not_of_an_older_revocation() -> None:
    held = replace(record(5), not_before=8, suspended=True)
    barred = refusal(held, now=10, revoked=8)
    assert isinstance(barred, Denial)
    assert barred.code is Code.SUSPENDED


def test_a_token_of_the_first_second_of_all_is_one_like_another() -> None:
    held = record(0)
    assert refusal(held, now=10) is None
    assert advance(held, token(0), now=10) == held
    assert advance(None, token(0), now=10) == held


def test_access_lasts_until_just_before_its_end() -> None:
    held = Record(token(5).person, 5, expires_at=10)
    assert refusal(held, now=9.999) is None
    assert refusal(held, now=10.0) is not None


def test_a_record_never_advances_by_somebody_elses_token() -> None:
    with pytest.raises(
        ValueError, match=r"^a record advances only by a token of its own identity$"
    ):
        advance(record(5), token(6, identity=Identity("https://other.example", "jane")), now=10)
