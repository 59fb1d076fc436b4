"""Every page that says no tells what to do next, and the request's id."""

import re

import pytest

from jwt_to_rbac.core.errors import Code, Denial, Outage, status_of
from jwt_to_rbac.web.errors import denied, failed
from jwt_to_rbac.web.shell import Shell
from jwt_to_rbac.web.style import Static

REQUEST = "0123456789abcdef"


@pytest.fixture(scope="module")
def shell() -> Shell:
    return Shell("https://access.example.com", "staging", Static().addresses, ())


@pytest.mark.parametrize("code", Code, ids=str)
def test_each_error_has_a_title_a_next_step_and_the_request_id(shell: Shell, code: Code) -> None:
    answer = denied(shell, Denial(code, "Because <it> is so."), REQUEST)
    text = bytes(answer.body).decode()
    assert answer.status_code == status_of(code)
    assert answer.headers["cache-control"] == "no-store"
    (title,) = re.findall(r"<h1>(.+)</h1>", text)
    assert "_" not in title
    assert "Because &lt;it&gt; is so." in text
    assert re.search(r'<a class="button" href="/web[^"]*">[A-Z]', text), "it leads on"
    assert REQUEST in text
    assert f"<code>{code}</code>" in text


def test_an_outage_says_when_to_come_back(shell: Shell) -> None:
    outage = Outage(Code.CLUSTER_UNAVAILABLE, "It is away.", 7.4)
    answer = failed(shell, outage, REQUEST)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
