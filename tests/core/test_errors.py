"""What an error is over HTTP, and how long an outage asks to wait."""

from http import HTTPStatus

import pytest

from jwt_to_rbac.core.errors import Code, Outage, status_of


@pytest.mark.parametrize(
    ("code", "status"),
    [
        pytest.param(Code.TOKEN_SIGNATURE, HTTPStatus.UNAUTHORIZED, id="about-a-credential"),
        pytest.param(Code.TOKEN_REVOKED, HTTPStatus.UNAUTHORIZED, id="a-token-of-before"),
        pytest.param(Code.NO_ACCESS, HTTPStatus.FORBIDDEN, id="known-and-not-allowed"),
        pytest.param(Code.ISSUER_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE, id="an-outage"),
    ],
)
def test_a_code_has_its_status(code: Code, status: HTTPStatus) -> None:
    assert status_of(code) is status


def test_an_outage_asks_to_try_again_after_a_second_unless_it_says_otherwise() -> None:
    assert Outage(Code.BUSY, "…").retry_after == 1.0
    assert Outage(Code.BUSY, "…", retry_after=7).retry_after == 7
