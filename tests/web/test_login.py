"""In and out with a real browser: real Dex for the article's people, an odd issuer for what Dex never answers."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import BrowserIssuer
from tests.support.chromium import fill_in_dex
from tests.web.conftest import App, heading, log_in, log_in_oddly, set_up


def test_jane_logs_in_by_clicking_sees_who_she_is_and_logs_out(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "jane")
    assert heading(page) == "My access"
    expect(page.get_by_role("banner")).to_contain_text("janedoe@example.com")
    records = [one for one in app.audited() if one["event"] == "login"]
    assert records[-1]["username"] == "janedoe@example.com"
    page.get_by_role("button", name="Log out").click()
    assert heading(page) == "You are logged out"
    assert page.context.cookies(app.url) == []
    page.go_back()
    expect(page.get_by_text("janedoe@example.com")).to_have_count(0)


def test_a_login_leads_to_the_page_that_was_asked_for(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "john", "/web/sessions")
    assert page.url == f"{app.url}/web/sessions"
    page.goto(f"{app.url}/web/login?to=//elsewhere.example.com/")
    fill_in_dex(page, sandbox.people["john"].email, sandbox.people["john"].password)
    page.wait_for_url(f"{app.url}/web")


def test_two_tabs_that_log_in_at_the_same_time_both_arrive(
    context: BrowserContext, app: App, sandbox: Sandbox
) -> None:
    tabs = [context.new_page() for _ in range(2)]
    for tab, path in zip(tabs, ("/web/sessions", "/web/get-going"), strict=True):
        tab.goto(app.url + path)
    jane = sandbox.people["jane"]
    for tab, path in zip(tabs, ("/web/sessions", "/web/get-going"), strict=True):
        fill_in_dex(tab, jane.email, jane.password)
        tab.wait_for_url(f"{app.url}/web/**")
        set_up(tab)
        assert tab.url == app.url + path
    assert [cookie["name"] for cookie in context.cookies(app.url)] == ["jwt-to-rbac"]


def test_many_logins_that_nobody_finishes_leave_few_cookies(
    page: Page, context: BrowserContext, app: App
) -> None:
    for _ in range(9):
        page.goto(f"{app.url}/web")
    assert len(context.cookies(app.url)) == 5


def test_the_way_back_to_the_issuers_answer_is_told_and_leads_on(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "jane")
    answers = []
    page.on("request", lambda request: answers.append(request.url))
    page.goto(f"{app.url}/web/login")
    fill_in_dex(page, sandbox.people["jane"].email, sandbox.people["jane"].password)
    page.wait_for_url(f"{app.url}/web")
    (answer,) = [one for one in answers if "/web/callback" in one]
    page.goto(answer)
    assert heading(page) == "This login can't be finished"
    expect(page.get_by_role("main")).to_contain_text("Request id")
    page.goto(f"{app.url}/web")
    assert heading(page) == "My access", "the session is as it was"


def test_nothing_about_a_person_is_in_the_browser_beyond_one_sealed_cookie(
    page: Page, context: BrowserContext, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "jane")
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert len(cookie["value"]) < 600
    state = json.dumps(context.storage_state(indexed_db=True)["origins"])
    assert state == "[]"
    assert page.evaluate("document.cookie + localStorage.length + sessionStorage.length") == "00"
    caches = page.evaluate("window.caches ? caches.keys() : []")
    assert caches == []


def test_a_person_chooses_among_several_issuers_and_a_client_secret_is_used(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("chooser", groups=["developers"])
    page.goto(odd_app.url)
    expect(page.get_by_role("link", name="Log in with")).to_have_count(2)
    log_in_oddly(page, odd_app)
    assert heading(page) == "My access"
    asked = issuer.asked[-1]
    assert asked["code_challenge_method"] == "S256"
    assert "offline_access" not in asked["scope"]


def test_logout_ends_the_issuers_session_too_where_it_offers_that(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("leaver", groups=["developers"])
    log_in_oddly(page, odd_app)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{odd_app.url}/web/logged-out")
    assert issuer.ended[-1]["post_logout_redirect_uri"] == f"{odd_app.url}/web/logged-out"
    assert page.context.cookies(odd_app.url) == []


@pytest.mark.parametrize(
    ("answer", "spoil", "told"),
    [
        pytest.param({"state": "x" * 32}, {}, "This login can't be finished", id="other-state"),
        pytest.param({"state": ""}, {}, "This login can't be finished", id="no-state"),
        pytest.param({"iss": "https://other"}, {}, "This login can't be finished", id="mix-up"),
        pytest.param({"code": "guessed"}, {}, "The login came to nothing", id="other-code"),
        pytest.param({"code": ""}, {}, "The login came to nothing", id="no-code"),
        pytest.param(
            {"error": "access_denied"}, {}, "The login came to nothing", id="denied-there"
        ),
        pytest.param({}, {"nonce": "other"}, "The login came to nothing", id="other-nonce"),
        pytest.param({}, {"nonce": None}, "The login came to nothing", id="no-nonce"),
        pytest.param({}, {"aud": "other"}, "Token audience", id="other-audience"),
        pytest.param({}, {"exp": 1}, "Log in again for this", id="expired"),
    ],
)
def test_a_tampered_answer_logs_nobody_in_and_says_what_to_do(
    page: Page,
    odd_app: App,
    issuer: BrowserIssuer,
    answer: dict[str, str],
    spoil: dict[str, object],
    told: str,
) -> None:
    issuer.well("victim", groups=["developers"])
    issuer.answer, issuer.spoil = answer, spoil
    before = len(odd_app.audited())
    log_in_oddly(page, odd_app)
    assert heading(page) == told
    events = [one["event"] for one in odd_app.audited()[before:]]
    # What never got as far as the token endpoint was no login of anybody's.
    assert events in ([], ["login_refused"])
    assert bool(events) == (told != "This login can't be finished" and "error" not in answer)
    expect(page.get_by_role("main")).to_contain_text("Request id")
    names = [cookie["name"] for cookie in page.context.cookies(odd_app.url)]
    assert "jwt-to-rbac" not in names


def test_an_answer_counts_only_in_the_browser_that_began_the_login(
    page: Page, context: BrowserContext, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("attacker", groups=["developers"])
    stranger = context.browser
    assert stranger
    with page.expect_request("**/web/callback**") as seen:
        page.route("**/web/callback**", lambda route: route.abort())
        page.goto(odd_app.url + "/web/login")
        page.get_by_role("link", name="Log in with Odd").click()
    assert parse_qs(urlsplit(seen.value.url).query)["code"]
    with stranger.new_context() as victim:
        tab = victim.new_page()
        tab.goto(seen.value.url)
        assert heading(tab) == "This login can't be finished"
        assert victim.cookies() == []


def test_nobody_logs_in_at_an_issuer_that_isnt_configured(page: Page, odd_app: App) -> None:
    page.goto(f"{odd_app.url}/web/login?issuer=https://nobody.example.com")
    assert heading(page) == "This login can't be finished"
