"""What people read of their own access: each role with its rule, and what gave nothing."""

from playwright.sync_api import Page, expect

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import BrowserIssuer
from tests.web.conftest import App, log_in, log_in_oddly


def test_jane_sees_each_role_with_the_rule_that_gives_it(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "jane")
    admin = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="admin"))
    expect(admin).to_contain_text("the whole cluster")
    expect(admin).to_contain_text("admins")
    expect(admin.locator(".danger")).to_have_text("changes things on the whole cluster")
    own = page.get_by_role("row").filter(has_text="developers-from-jwt")
    expect(own).to_contain_text("reads")
    expect(own.locator(".danger")).to_have_count(0)
    user = "system:serviceaccount:jwt-to-rbac-users:janedoe-example-com"
    expect(page.get_by_role("definition").filter(has_text=user)).to_be_visible()


def test_a_group_that_gives_nothing_is_marked(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("reader", groups=["developers", "choir"])
    log_in_oddly(page, odd_app)
    expect(page.get_by_role("listitem").filter(has_text="choir")).to_contain_text("gives nothing")
    matched = page.get_by_role("main").get_by_role("listitem").filter(has_text="developers")
    expect(matched).to_have_text("developers")


def test_a_role_that_does_not_exist_is_marked(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("ghost", groups=["ghosts"])
    log_in_oddly(page, odd_app)
    row = page.get_by_role("row").filter(has_text="no-such-role")
    expect(row.locator(".danger")).to_have_text("this role doesn't exist")
