"""What a page shows of others' words is text, and what it may do is next to nothing."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import BrowserIssuer
from tests.web.conftest import App, heading, log_in, log_in_oddly, set_up

HTML = '<img src=x onerror="document.title=1"><script>document.title=2</script>\'"&amp;</p>'


def test_html_in_a_name_and_in_groups_is_shown_as_it_is(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    issuer.well("html", email=f"{HTML}@example.com", groups=[HTML, "<b>nothing</b>"])
    log_in_oddly(page, odd_app)
    assert heading(page) == "There is nothing for you on staging yet"
    expect(page.get_by_role("main")).to_contain_text(f"{HTML}@example.com")
    expect(page.get_by_role("listitem").filter(has_text="script")).to_have_text(
        f"{HTML} gives nothing"
    )
    expect(page.get_by_text("<b>nothing</b>")).to_be_visible()
    issuer.well("html", email=f"{HTML}@example.com", groups=[HTML, "developers"])
    page.get_by_role("link", name="Log in again").click()
    page.get_by_role("link", name="Log in with Odd").click()
    assert heading(page) == "What you would get on staging"
    assert page.locator("main img, main script").count() == 0
    set_up(page)
    for path in ("/web", "/web/get-going", "/web/sessions"):
        page.goto(odd_app.url + path)
        expect(page.get_by_role("banner")).to_contain_text(f"{HTML}@example.com")
        assert page.locator("main img, main script, header img").count() == 0
    assert [one for one in complaints if "Forbidden" not in one] == []


def test_a_device_full_of_html_is_shown_as_it_is(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("device", groups=["developers"])
    log_in_oddly(page, odd_app, "/web/get-going")
    page.get_by_label("Where you will use it").fill(HTML)
    page.get_by_role("button", name="Show it once").click()
    expect(page.get_by_text(HTML)).to_be_visible()
    page.goto(f"{odd_app.url}/web/sessions")
    expect(page.get_by_role("rowheader", name=HTML)).to_be_visible()


def test_somebody_without_groups_is_told_why_that_may_be(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("groupless", groups=[])
    log_in_oddly(page, odd_app)
    expect(page.get_by_role("alert")).to_contain_text("told us no groups at all")
    assert "jwt-to-rbac" not in [one["name"] for one in page.context.cookies(odd_app.url)]


@pytest.mark.parametrize(
    "path", ["/", "/web", "/web/login?ended=1", "/web/nothing", "/web/callback", "/web/sessions"]
)
def test_every_answer_keeps_to_the_headers(
    page: Page, context: BrowserContext, app: App, sandbox: Sandbox, path: str
) -> None:
    if path == "/web/sessions":
        log_in(page, app, sandbox, "jane")
    headers = context.request.get(app.url + path, max_redirects=0).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy, "no script at all"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-request-id"]
    assert "strict-transport-security" not in headers, "by http it means nothing"


def test_the_style_sheet_is_kept_for_good_at_an_address_of_its_own(page: Page, app: App) -> None:
    with page.expect_response("**/app.css") as style:
        page.goto(f"{app.url}/web/login?ended=1")
    assert style.value.status == 200
    assert style.value.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert style.value.headers["content-type"].startswith("text/css")


def test_a_page_for_people_answers_other_methods_in_a_page(
    context: BrowserContext, app: App
) -> None:
    answer = context.request.fetch(f"{app.url}/web/sessions", method="DELETE")
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
    assert "<h1>" in answer.text()


def test_a_form_that_is_too_long_is_refused_in_a_page(
    page: Page, context: BrowserContext, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "john")
    answer = context.request.post(f"{app.url}/web/sessions/end", data="x" * 70_000)
    assert answer.status == 413
    assert "<h1>" in answer.text()
    assert "Request id" in answer.text()
