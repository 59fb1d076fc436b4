"""Names from tokens stay short and harmless in messages."""

import pytest

from jwt_to_rbac.oidc.shown import shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("cli", "'cli'", id="short"),
        pytest.param("x" * 80, "'" + "x" * 80 + "'", id="as-long-as-allowed"),
        pytest.param("x" * 81, "'" + "x" * 80 + "…'", id="cut"),
        pytest.param("a\r\nb\u202e\ud800", r"'a\r\nb\u202e\ud800'", id="unprintable"),
    ],
)
def test_a_name_is_quoted_cut_and_escaped(name: str, text: str) -> None:
    assert shown(name) == text
