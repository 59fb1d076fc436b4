"""Login phishing through a command line (CVE-2026-33757, CVE-2024-58267): a link that somebody else
made neither logs this machine in as them nor brings them anything. At a real Dex, where jane is the
victim and john attacks."""

import re
import secrets
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from jwt_to_rbac.client import log_in_at_issuer
from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.errors import ClientError, Refused
from jwt_to_rbac.client.http import Http
from jwt_to_rbac.client.issuer import Issuer, Registration, Tokens, discover, proof_key
from jwt_to_rbac.client.log_in_at_issuer import Person, log_in
from jwt_to_rbac.sandbox import Sandbox
from tests.support.form_browser import browse
from tests.support.waiting import eventually

Question = dict[str, str]


@pytest.fixture
def issuer(sandbox: Sandbox) -> Issuer:
    scopes = ("openid", "email", "groups")
    registration = Registration("dex", sandbox.issuer, sandbox.public_client_id, scopes)
    return discover(registration, Http(), ServerClock())


class Opened:
    """A browser that goes on until the login is over."""

    def poll(self) -> None:
        return None


@pytest.fixture
def browser(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Callable[[str], None]], None]]:
    """Has what is given done, in a thread, with the address that the browser was opened with."""
    threads: list[threading.Thread] = []

    def set_up(visit: Callable[[str], None]) -> None:
        def opened(command: list[str], url: str) -> Opened:
            threads.append(threading.Thread(target=visit, args=(url,)))
            threads[-1].start()
            return Opened()

        monkeypatch.setattr(log_in_at_issuer, "open_browser", opened)

    yield set_up
    for thread in threads:
        thread.join(30)


def into(got: list[Tokens]) -> Callable[[Tokens], str]:
    """What a login does with its tokens: keep them for a look."""

    def use(tokens: Tokens) -> str:
        got.append(tokens)
        return "You are logged in."

    return use


def question(url: str) -> Question:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def with_other(url: str, **changes: str) -> str:
    """The address of a login that an attacker began: the same, but with their own parameters."""
    return f"{url.partition('?')[0]}?{urllib.parse.urlencode(question(url) | changes)}"


def refused(url: str, who: str, password: str) -> int:
    """The status with which this machine answers a login that comes back to it."""
    with pytest.raises(urllib.error.HTTPError) as answer:
        browse(url, who, password)
    answer.value.close()
    return answer.value.code


def test_an_attackers_link_back_to_this_machine_logs_nobody_in(
    sandbox: Sandbox, issuer: Issuer, browser: Callable[[Callable[[str], None]], None]
) -> None:
    # Session fixation: john is to be who the next kubectl call is.
    jane, john = sandbox.people["jane"], sandbox.people["john"]
    answered: list[int] = []

    def visit(url: str) -> None:
        _, challenge = proof_key()
        his = with_other(url, state=secrets.token_urlsafe(24), code_challenge=challenge)
        answered.append(refused(his, john.email, john.password))
        browse(url, jane.email, jane.password)

    browser(visit)
    got: list[Tokens] = []
    log_in(issuer, Person(["x"], print), into(got))
    assert answered == [400]
    assert [tokens.claims["email"] for tokens in got] == [jane.email]


def test_a_link_to_log_in_by_that_somebody_sent_brings_them_nothing(
    sandbox: Sandbox, issuer: Issuer, browser: Callable[[Callable[[str], None]], None]
) -> None:
    # jane opens a link of john's; her code comes to her own machine, which didn't begin that
    # login: it doesn't use it. john, who waits, never sees it: no address but a loopback one is
    # taken by the issuer, and our server has no login that could be asked after.
    jane = sandbox.people["jane"]
    answered: list[int] = []
    got: list[Tokens] = []

    def visit(url: str) -> None:
        _, challenge = proof_key()
        his = {"state": secrets.token_urlsafe(24), "code_challenge": challenge}
        answered.append(refused(with_other(url, **his), jane.email, jane.password))
        assert not got
        away = with_other(url, **his, redirect_uri="https://evil.example.com/callback")
        answered.append(refused(away, jane.email, jane.password))
        browse(url, jane.email, jane.password)

    browser(visit)
    log_in(issuer, Person(["x"], print), into(got))
    assert answered == [400, 400]
    assert len(got) == 1


@pytest.mark.parametrize("stolen", ["code_challenge", "nonce"], ids=["pkce", "nonce"])
def test_a_code_of_anothers_login_is_worth_nothing_even_with_the_right_state(
    sandbox: Sandbox,
    issuer: Issuer,
    browser: Callable[[Callable[[str], None]], None],
    stolen: str,
) -> None:
    # Code injection (RFC 9700, 4.5): john has learnt the state, and brings a code of his own.
    john = sandbox.people["john"]
    pages: list[str] = []

    def visit(url: str) -> None:
        other = proof_key()[1]
        pages.append(browse(with_other(url, **{stolen: other}), john.email, john.password))

    browser(visit)
    got: list[Tokens] = []
    with pytest.raises(ClientError, match=r"invalid_grant|`nonce`"):
        log_in(issuer, Person(["x"], print), into(got))
    assert not got
    assert eventually(lambda: pages)
    assert "The login did not work" in pages[0]


def test_a_device_code_is_shown_with_a_warning_and_is_of_use_to_this_process_alone(
    sandbox: Sandbox, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A device login is the one that can be begun for somebody else (RFC 8628, 5.4): the person
    # compares, and is told so; whoever learns the device code lacks the verifier (PKCE).
    posted: list[dict[str, object]] = []
    post = issuer.post

    def seen(endpoint: str, **form: str) -> object:
        answer = post(endpoint, **form)
        posted.append(answer.json())
        return answer

    monkeypatch.setattr(issuer, "post", seen)
    said: list[str] = []

    def tell(text: str) -> None:
        said.append(text)
        code = re.search(r"Enter the code (\S+) there", text)
        assert code
        jane = sandbox.people["jane"]
        form = urllib.parse.urlencode({"user_code": code[1]}).encode()
        url = f"{sandbox.issuer}/device/auth/verify_code"
        with urllib.request.urlopen(url, form, timeout=30) as page:
            browse(page.url, jane.email, jane.password)
        raise KeyboardInterrupt  # the login is stolen before this process asks

    with pytest.raises(KeyboardInterrupt):
        log_in(issuer, Person(None, tell), lambda tokens: "")
    assert "Never use one that somebody sent you: that would log them in as you." in said[0]
    with pytest.raises(Refused) as refusal:
        issuer.tokens(
            grant_type="urn:ietf:params:oauth:grant-type:device_code",
            device_code=str(posted[0]["device_code"]),
        )
    assert refusal.value.code in ("invalid_grant", "invalid_request")
