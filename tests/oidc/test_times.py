"""What a token's times are refused with, word for word: it is all that a person has to go by."""

import pytest

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.oidc.times import Times, read_times

NOON = 1_795_435_200.0
"""2026-11-23T12:00:00Z."""


@pytest.mark.parametrize(
    ("times", "code", "words"),
    [
        pytest.param(
            Times(NOON - 600, NOON - 10),
            Code.TOKEN_EXPIRED,
            "the token expired at 2026-11-23T11:59:50Z; log in again",
            id="expired",
        ),
        pytest.param(
            Times(NOON - 3600, NOON + 600, latest_use=NOON - 11),
            Code.TOKEN_EXPIRED,
            "the token, issued at 2026-11-23T11:00:00Z, is too old to be used here; log in again",
            id="too old",
        ),
        pytest.param(
            Times(NOON + 60, NOON + 600),
            Code.TOKEN_NOT_YET_VALID,
            "the token is valid from 2026-11-23T12:01:00Z on, and here it is 2026-11-23T12:00:00Z: "
            "compare the clocks of the issuer and of this server",
            id="issued in the future",
        ),
        pytest.param(
            Times(NOON, NOON + 600, not_before=NOON + 120),
            Code.TOKEN_NOT_YET_VALID,
            "the token is valid from 2026-11-23T12:02:00Z on, and here it is 2026-11-23T12:00:00Z: "
            "compare the clocks of the issuer and of this server",
            id="not valid yet",
        ),
    ],
)
def test_a_refusal_says_when_it_was_valid_and_what_to_do(
    times: Times, code: Code, words: str
) -> None:
    assert times.denial_at(NOON) == Denial(code, words)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param("noon", "must be a number of seconds since 1970", id="a string"),
        pytest.param(True, "must be a number of seconds since 1970", id="a boolean"),
        pytest.param(None, "must be a number of seconds since 1970", id="null"),
        pytest.param(-1, "is out of range (seconds since 1970)", id="before 1970"),
        pytest.param(253_402_300_800, "is out of range (seconds since 1970)", id="the year 10000"),
    ],
)
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_a_claim_that_is_no_time_is_named_with_what_it_must_be(
    claim: str, value: object, words: str
) -> None:
    claims = {"exp": NOON + 600, "iat": NOON, claim: value}
    assert read_times(claims, None) == Denial(Code.TOKEN_CLAIM, f"the token's {claim} {words}")


@pytest.mark.parametrize("claim", ["exp", "iat"])
def test_a_time_that_must_be_there_is_missed_by_name(claim: str) -> None:
    claims = {"exp": NOON + 600, "iat": NOON}
    del claims[claim]
    words = f"the token's {claim} must be a number of seconds since 1970"
    assert read_times(claims, None) == Denial(Code.TOKEN_CLAIM, words)
