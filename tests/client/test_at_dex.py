"""A person logs in at a real Dex: by browser with PKCE, by device code; and their login is renewed."""

import re
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from jwt_to_rbac.client import log_in_at_issuer
from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.errors import ClientError, LoginNeeded, Refused
from jwt_to_rbac.client.http import Http
from jwt_to_rbac.client.issuer import Issuer, Registration, Tokens, discover
from jwt_to_rbac.client.log_in_at_issuer import Person, log_in
from jwt_to_rbac.sandbox import Sandbox
from tests.support import form_browser
from tests.support.form_browser import browse
from tests.support.waiting import eventually

SCOPES = ("openid", "email", "groups")


@pytest.fixture
def issuer(sandbox: Sandbox) -> Issuer:
    registration = Registration("dex", sandbox.issuer, sandbox.public_client_id, SCOPES)
    return discover(registration, Http(), ServerClock())


@pytest.fixture
def browser(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A command that logs jane in; the environment says who she is."""
    jane = sandbox.people["jane"]
    monkeypatch.setenv("LOG", str(tmp_path / "addresses"))
    monkeypatch.setenv("WHO", jane.email)
    monkeypatch.setenv("PASSWORD", jane.password)
    return [sys.executable, form_browser.__file__, "%s"]


class Told:
    """What was said to the person, and the tokens that came of it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.tokens: list[Tokens] = []

    def use(self, tokens: Tokens) -> str:
        self.tokens.append(tokens)
        return "You are jane."


def test_a_browser_login_uses_pkce_state_and_nonce_and_a_free_loopback_port(
    issuer: Issuer, browser: list[str], tmp_path: Path
) -> None:
    told = Told()
    log_in(issuer, Person(browser, told.said.append), told.use)
    [tokens] = told.tokens
    assert tokens.claims["email"] == "janedoe@example.com"
    assert tokens.claims["groups"] == ["admins", "developers"]
    assert tokens.refresh_token
    [address] = (tmp_path / "addresses").read_text().splitlines()
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert asked["nonce"] == tokens.claims["nonce"]
    assert len(asked["state"]) > 20
    assert re.fullmatch(r"http://localhost:\d+/callback", asked["redirect_uri"])
    assert "client_secret" not in asked


def test_two_logins_share_no_secret(issuer: Issuer, browser: list[str], tmp_path: Path) -> None:
    for _ in range(2):
        log_in(issuer, Person(browser, lambda text: None), lambda tokens: "")
    asked = [
        dict(urllib.parse.parse_qsl(line.partition("?")[2]))
        for line in (tmp_path / "addresses").read_text().splitlines()
    ]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]


def test_the_page_tells_why_a_login_did_not_work(
    sandbox: Sandbox, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[str] = []
    jane = sandbox.people["jane"]
    urls: list[str] = []

    def opened(command: list[str], url: str) -> _Opened:
        urls.append(url)
        return _Opened()

    monkeypatch.setattr(log_in_at_issuer, "open_browser", opened)

    def come() -> None:
        assert eventually(lambda: urls)
        pages.append(browse(urls[0], jane.email, jane.password))

    def refuse(tokens: Tokens) -> str:
        raise Refused("No rule names any of your groups: cooks.", "no_access")

    visitor = threading.Thread(target=come)
    visitor.start()
    with pytest.raises(Refused):
        log_in(issuer, Person(["x"], lambda text: None), refuse)
    visitor.join(30)
    assert "No rule names any of your groups: cooks." in pages[0]


class _Opened:
    def poll(self) -> None:
        return None


def test_a_browser_that_does_not_start_leaves_the_person_the_address(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_in_at_issuer, "PATIENCE", 1.5)
    told = Told()
    with pytest.raises(LoginNeeded, match="Nobody logged in"):
        log_in(
            issuer,
            Person([sys.executable, "-c", "raise SystemExit(3)"], told.said.append),
            told.use,
        )
    assert sum(issuer.endpoint("authorization") in line for line in told.said) == 1


def test_a_command_that_is_no_browser_is_named(issuer: Issuer) -> None:
    with pytest.raises(ClientError, match="no-such-browser can't be started"):
        log_in(issuer, Person(["no-such-browser"], lambda text: None), lambda tokens: "")


def test_where_there_is_no_browser_a_code_for_another_device_is_told(
    sandbox: Sandbox, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Dex wants five seconds between two questions.
    told = Told()
    jane = sandbox.people["jane"]

    def on_the_phone() -> None:
        assert eventually(lambda: told.said)
        found = re.search(r"http\S+", told.said[0])
        assert found
        code = re.search(r"Enter the code (\S+)", told.said[0])
        assert code
        url = f"{sandbox.issuer}/device/auth/verify_code"
        form = urllib.parse.urlencode({"user_code": code[1]}).encode()
        _post_then_log_in(url, form, jane.email, jane.password)

    phone = threading.Thread(target=on_the_phone)
    phone.start()
    log_in(issuer, Person(None, told.said.append), told.use)
    phone.join(30)
    assert told.tokens[0].claims["email"] == "janedoe@example.com"
    assert told.said[-1] == "You are jane."


def _post_then_log_in(url: str, form: bytes, who: str, password: str) -> None:
    with urllib.request.urlopen(url, form, timeout=30) as page:
        browse(page.url, who, password)


def test_a_login_is_renewed_and_each_refresh_token_is_good_once(
    issuer: Issuer, browser: list[str]
) -> None:
    told = Told()
    log_in(issuer, Person(browser, lambda text: None), told.use)
    first = told.tokens[0]
    second = issuer.tokens(grant_type="refresh_token", refresh_token=first.refresh_token)
    assert second.claims["sub"] == first.claims["sub"]
    assert second.refresh_token != first.refresh_token
    third = issuer.tokens(grant_type="refresh_token", refresh_token=second.refresh_token)
    assert third.claims["email"] == "janedoe@example.com"
    with pytest.raises(Refused) as refused:
        issuer.tokens(grant_type="refresh_token", refresh_token="made-up")
    assert refused.value.code in ("invalid_grant", "invalid_request")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        pytest.param({"nonce": "another"}, "`nonce`", id="another-logins"),
        pytest.param({"client_id": "somebody"}, "`aud`", id="another-clients"),
        pytest.param({"late": 7200.0}, "expired", id="over"),
    ],
)
def test_an_id_token_that_is_not_of_this_login_is_not_used(
    issuer: Issuer, browser: list[str], changes: dict[str, object], complaint: str
) -> None:
    told = Told()
    log_in(issuer, Person(browser, lambda text: None), told.use)
    registration = issuer.registration
    clock = ServerClock(lambda: time.time() + float(str(changes.get("late", 0.0))))
    client = str(changes.get("client_id", registration.client_id))
    other = Issuer(Registration("dex", registration.issuer, client, SCOPES), {}, Http(), clock)
    with pytest.raises(ClientError, match=complaint):
        other._check(told.tokens[0].claims, str(changes.get("nonce", "")))
