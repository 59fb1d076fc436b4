"""What a token's audiences are refused with, word for word: it is all that a person has to go by."""

import pytest

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.oidc.audiences import read_audiences

ALLOWED = frozenset({"cli", "web"})


@pytest.mark.parametrize(
    ("claims", "code", "words"),
    [
        pytest.param(
            {"aud": 1},
            Code.TOKEN_CLAIM,
            "the token's aud must be a string or a list of strings",
            id="a number",
        ),
        pytest.param(
            {"aud": ["cli", 1]},
            Code.TOKEN_CLAIM,
            "the token's aud must be a string or a list of strings",
            id="a list with a number",
        ),
        pytest.param(
            {},
            Code.TOKEN_AUDIENCE,
            "the token is for no audience; allowed here: 'cli', 'web'",
            id="none",
        ),
        pytest.param(
            {"aud": ["cli", "other"]},
            Code.TOKEN_AUDIENCE,
            "the token is for 'cli', 'other'; allowed here: 'cli', 'web'",
            id="one that isn't allowed",
        ),
        pytest.param(
            {"aud": [f"other-{n}" for n in range(7)]},
            Code.TOKEN_AUDIENCE,
            "the token is for 'other-0', 'other-1', 'other-2', 'other-3', 'other-4' and 2 more; "
            "allowed here: 'cli', 'web'",
            id="many",
        ),
        pytest.param(
            {"aud": ["cli", "web"]},
            Code.TOKEN_AUDIENCE,
            "the token is for 'cli', 'web', and no azp says which of them asked for it",
            id="several without azp",
        ),
        pytest.param(
            {"aud": "cli", "azp": 1},
            Code.TOKEN_CLAIM,
            "the token's azp must be a string",
            id="azp a number",
        ),
        pytest.param(
            {"aud": "cli", "azp": "other"},
            Code.TOKEN_AUDIENCE,
            "the token was issued to 'other' (azp); allowed here: 'cli', 'web'",
            id="azp that isn't allowed",
        ),
    ],
)
def test_a_refusal_says_whom_the_token_is_for_and_who_is_allowed(
    claims: dict[str, object], code: Code, words: str
) -> None:
    assert read_audiences(claims, ALLOWED) == Denial(code, words)


@pytest.mark.parametrize(
    ("claims", "taken"),
    [
        pytest.param({"aud": "cli"}, {"cli"}, id="one"),
        pytest.param({"aud": ["web"]}, {"web"}, id="one in a list"),
        pytest.param({"aud": ["cli", "web"], "azp": "web"}, {"cli", "web"}, id="several with azp"),
    ],
)
def test_allowed_audiences_are_handed_on(claims: dict[str, object], taken: set[str]) -> None:
    assert read_audiences(claims, ALLOWED) == frozenset(taken)
