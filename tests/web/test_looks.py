"""Every page on a phone and on a desktop, light and dark; `WEB_PICTURES=folder` keeps the pictures."""

from pathlib import Path

from playwright.sync_api import Page

from jwt_to_rbac.sandbox import Sandbox
from tests.web.conftest import App, log_in
from tests.web.pictures import take


def test_every_page_fits_a_phone_and_a_desktop(
    page: Page, app: App, sandbox: Sandbox, tmp_path: Path
) -> None:
    log_in(page, app, sandbox, "jane")
    take(page, "my-access", tmp_path)
    for device in ("jane's laptop", "The build machine in the cellar"):
        page.goto(f"{app.url}/web/get-going")
        page.get_by_label("Where you will use it").fill(device)
        page.get_by_role("button", name="Show it once").click()
    take(page, "token", tmp_path)
    for name, path in (
        ("get-going", "/web/get-going"),
        ("sessions", "/web/sessions"),
        ("not-found", "/web/no-such-page"),
    ):
        page.goto(app.url + path)
        take(page, name, tmp_path)
    page.goto(f"{app.url}/web/sessions")
    page.get_by_role("button", name="End all").click()
    page.get_by_role("button", name="Log out").click()
    take(page, "logged-out", tmp_path)
    page.goto(f"{app.url}/web/login?ended=1")
    take(page, "log-in", tmp_path)
