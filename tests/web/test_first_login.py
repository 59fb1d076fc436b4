"""Somebody new reads what a login gives before anything is made for them."""

from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, Page, expect

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import BrowserIssuer
from tests.support.cluster import names
from tests.web.conftest import App, heading, log_in_oddly

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def arrive(page: Page, odd_app: App, to: str = "/web") -> None:
    """As somebody new: log in at the issuer, and look at the plan."""
    page.goto(odd_app.url + to)
    page.get_by_role("link", name="Log in with Odd").click()
    assert heading(page) == "What you would get on staging"


def hidden(page: Page) -> dict[str, str]:
    """The fields that the plan's form sends."""
    fields = page.locator("main input[type=hidden]").all()
    return {f.get_attribute("name") or "": f.get_attribute("value") or "" for f in fields}


def test_somebody_new_sees_the_plan_and_nothing_is_made_until_they_say_so(
    page: Page, odd_app: App, sandbox: Sandbox, issuer: BrowserIssuer
) -> None:
    issuer.well("newcomer", groups=["shop", "choir"])
    arrive(page, odd_app, "/web/get-going")
    expect(page.get_by_role("main")).to_contain_text("newcomer@example.com")
    expect(page.get_by_role("table", name="Rules that are for you")).to_contain_text("edit")
    picture = page.get_by_role("img", name="From groups by rules to ClusterRoles")
    assert picture.locator(".idle .name").all_text_contents() == ["choir"]
    assert "newcomer-example-com" not in names(sandbox, "accessgrants")
    page.get_by_role("button", name="Set up my access").click()
    assert heading(page) == "Get going", "they come to where they wanted to go"
    assert "newcomer-example-com" in names(sandbox, "accessgrants")
    log_in_oddly(page, odd_app, "/web/login")
    assert heading(page) == "My access", "the plan is for those who are new"
    assert [cookie["name"] for cookie in page.context.cookies(odd_app.url)] == ["jwt-to-rbac"]


def test_who_decides_against_it_leaves_nothing(
    page: Page, odd_app: App, sandbox: Sandbox, issuer: BrowserIssuer
) -> None:
    issuer.well("hesitant", groups=["developers"])
    arrive(page, odd_app)
    page.get_by_role("link", name="Not now").click()
    assert heading(page) == "You are logged out"
    assert "hesitant-example-com" not in names(sandbox, "accessgrants")


def test_the_plans_form_is_no_use_in_another_browser_nor_from_another_site(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("cautious", groups=["developers"])
    arrive(page, odd_app)
    fields, address = hidden(page), f"{odd_app.url}/web/begin"
    assert page.context.browser
    with page.context.browser.new_context() as other:
        answer = other.request.post(address, headers=FORM, data=urlencode(fields))
        assert answer.status == 400
        assert "login_incomplete" in answer.text()
        assert other.cookies() == []
    elsewhere = FORM | {"Origin": "https://evil.example.com"}
    answer = page.context.request.post(address, headers=elsewhere, data=urlencode(fields))
    assert "login_incomplete" in answer.text()


def test_a_tampered_plan_logs_nobody_in(
    page: Page, context: BrowserContext, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("tampering", groups=["developers"])
    arrive(page, odd_app)
    fields = hidden(page)
    token = fields["token"]
    for spoilt in ("", "x", token[:-20], ("B" if token[0] == "A" else "A") + token[1:]):
        answer = context.request.post(
            f"{odd_app.url}/web/begin", headers=FORM, data=urlencode(fields | {"token": spoilt})
        )
        assert answer.status == 400, spoilt
        assert "Request id" in answer.text()
    assert "jwt-to-rbac" not in [cookie["name"] for cookie in context.cookies(odd_app.url)]
    page.get_by_role("button", name="Set up my access").click()
    assert heading(page) == "My access", "the login under way is as it was"
    again = context.request.post(
        f"{odd_app.url}/web/begin", headers=FORM, data=urlencode(fields), max_redirects=0
    )
    assert again.status == 400, "a plan is taken once"


def test_the_token_in_the_plan_is_sealed(page: Page, odd_app: App, issuer: BrowserIssuer) -> None:
    issuer.well("sealed", groups=["developers"])
    arrive(page, odd_app)
    assert "eyJ" not in page.content(), "no JSON Web Token stands in the page"


def test_somebody_with_two_hundred_groups_can_begin(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    crowd = [f"a-group-with-a-rather-long-name-{number:03}" for number in range(200)]
    issuer.well("sociable", groups=["developers", *crowd])
    arrive(page, odd_app)
    page.get_by_role("button", name="Set up my access").click()
    assert heading(page) == "My access"
