"""In and out with a real browser and real Dex."""

from playwright.sync_api import Page, expect

from jwt_to_rbac.sandbox import Sandbox
from tests.web.conftest import App, log_in


def test_jane_logs_in_by_clicking_and_sees_who_she_is(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "jane")
    expect(page.get_by_role("heading", level=1)).to_have_text("My access")
    expect(page.get_by_role("main")).to_contain_text("janedoe@example.com")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are logged out")
    assert page.context.cookies(app.url) == []
