"""Administrators are whom Kubernetes lets: everybody else gets nothing from any of the addresses."""

import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import BrowserIssuer
from tests.support.cluster import names
from tests.support.visits import cookie, visit
from tests.web.administration.conftest import Enter, log_in_at_dex
from tests.web.conftest import App

HOME = "/web/administration"
VICTIM = "victim-example-com"
ADDRESSES = {
    "people": ("GET", HOME),
    "a-page-of-people": ("GET", f"{HOME}?search=victim&from=v&show=drift"),
    "one-person": ("GET", f"{HOME}/people/{VICTIM}"),
    "oneself": ("GET", f"{HOME}/people/{{oneself}}"),
    "nobody": ("GET", f"{HOME}/people/no-such-person"),
    "before-suspending": ("GET", f"{HOME}/people/{VICTIM}/suspend"),
    "before-revoking": ("GET", f"{HOME}/people/{VICTIM}/revoke"),
    "who-can": ("GET", f"{HOME}/who-can?verb=get&resource=pods"),
    "explain": ("GET", f"{HOME}/explain"),
    "a-group": ("GET", f"{HOME}/group?group=victims"),
    "suspend": ("POST", f"{HOME}/people/{VICTIM}/suspend"),
    "resume": ("POST", f"{HOME}/people/{VICTIM}/resume"),
    "set-an-end": ("POST", f"{HOME}/people/{VICTIM}/end?ends=2026-01-01T00:00"),
    "end-sessions": ("POST", f"{HOME}/people/{VICTIM}/sessions/end?all=yes"),
    "revoke": ("POST", f"{HOME}/people/{VICTIM}/revoke"),
    "explain-claims": ("POST", f"{HOME}/explain?groups=admins"),
    "revoke-a-group": ("POST", f"{HOME}/group?group=victims"),
}
"""Each with its method; what a POST sends stands like a query behind it."""

every_address = pytest.mark.parametrize(("method", "path"), ADDRESSES.values(), ids=ADDRESSES)


@pytest.fixture(scope="module")
def victim(enter: Enter) -> str:
    return enter("victim", "developers", "victims", devices=("victims-laptop",))


def ask(
    app: App, issuer: BrowserIssuer, person: str, method: str, path: str, form: str | None = None
) -> tuple[int, str]:
    """The answer to somebody's visit. Without a `form` key of one's own a POST has the right one."""
    oneself = f"{person}-example-com"
    visiting = visit(issuer.url, f"sub-{person}", oneself)
    headers = {"Cookie": cookie(app.keys, visiting)}
    address, _, query = path.replace("{oneself}", oneself).partition("?")
    key = urlencode({"form_key": visiting.form_key if form is None else form})
    body = f"{key}&{query}".encode() if method == "POST" else None
    url = app.server.url + (address if body else f"{address}?{query}")
    opener = urllib.request.build_opener(_Staying)
    try:
        with opener.open(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A redirect is an answer."""


@every_address
def test_a_person_without_the_right_gets_nothing(
    kept: App, issuer: BrowserIssuer, enter: Enter, victim: str, method: str, path: str
) -> None:
    enter("curious", "developers")
    status, text = ask(kept, issuer, "curious", method, path)
    assert status == 403
    assert "That isn&#39;t yours to see" in text
    assert "<code>forbidden</code>" in text
    assert "victim" not in text
    assert "Administration" not in text, "the menu has it for administrators alone"


@every_address
def test_nobody_is_sent_to_the_login(kept: App, method: str, path: str, victim: str) -> None:
    opener, body = urllib.request.build_opener(_Staying), b"x=1" if method == "POST" else None
    with pytest.raises(urllib.error.HTTPError) as answer:
        opener.open(urllib.request.Request(kept.server.url + path, body))
    answer.value.close()
    if body:
        assert answer.value.code == 403
    else:
        assert (answer.value.code, answer.value.headers["location"][:10]) == (303, "/web/login")


@pytest.mark.parametrize(
    "path",
    [path for method, path in ADDRESSES.values() if method == "POST"],
    ids=[what for what, (method, _) in ADDRESSES.items() if method == "POST"],
)
@pytest.mark.parametrize("key", ["", "x" * 24], ids=["no-key", "another-key"])
def test_an_administrators_form_from_elsewhere_does_nothing(
    kept: App,
    sandbox: Sandbox,
    issuer: BrowserIssuer,
    enter: Enter,
    victim: str,
    path: str,
    key: str,
) -> None:
    enter("careless", "admins")
    status, text = ask(kept, issuer, "careless", "POST", path, key)
    assert status == 403
    assert "form_refused" in text
    assert victim in names(sandbox, "accessgrants")


DEEDS = ("suspend", "resume", "set-an-end", "end-sessions", "revoke", "revoke-a-group")


@pytest.mark.parametrize("deed", DEEDS)
def test_who_may_only_read_can_do_nothing(
    kept: App, sandbox: Sandbox, issuer: BrowserIssuer, enter: Enter, victim: str, deed: str
) -> None:
    enter("reader", "readers")
    status, text = ask(kept, issuer, "reader", *ADDRESSES[deed])
    assert status == 403
    assert "<code>forbidden</code>" in text
    assert victim in names(sandbox, "accessgrants")


def test_who_may_only_read_is_offered_nothing_else(
    kept: App, issuer: BrowserIssuer, enter: Enter, victim: str
) -> None:
    enter("reader", "readers")
    status, text = ask(kept, issuer, "reader", *ADDRESSES["one-person"])
    assert status == 200
    assert text.count("Kubernetes doesn't let you") == 3
    assert '<form method="post" action="/web/administration' not in text
    status, text = ask(kept, issuer, "reader", *ADDRESSES["a-group"])
    assert status == 200
    assert "Kubernetes doesn't let you do that" in text


def test_john_of_the_article_has_no_administration(page: Page, kept: App, sandbox: Sandbox) -> None:
    log_in_at_dex(page, kept, sandbox, "john")
    page.goto(f"{kept.url}/web")
    expect(page.get_by_role("navigation", name="Pages")).to_contain_text("My sessions")
    expect(page.get_by_role("link", name="Administration")).to_have_count(0)
    page.goto(kept.url + HOME)
    expect(page.get_by_role("heading", level=1)).to_have_text("That isn't yours to see")


def test_a_refusal_is_in_the_audit_record(kept: App, issuer: BrowserIssuer, enter: Enter) -> None:
    enter("nosy", "developers")
    ask(kept, issuer, "nosy", *ADDRESSES["people"])
    refused = [one for one in kept.audited() if one["event"] == "access_refused"]
    assert [one["asked"] for one in refused if one["caller"].endswith("#sub-nosy")] == [
        "list accessgrants"
    ]
