"""Every page on a phone and on a desktop, light and dark, as a person comes by; axe finds nothing."""

from pathlib import Path

from playwright.sync_api import Page

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import BrowserIssuer
from tests.web.conftest import App, heading, log_in, log_in_oddly
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


def test_every_page_before_one_has_access_fits_too(
    page: Page, odd_app: App, issuer: BrowserIssuer, tmp_path: Path
) -> None:
    page.goto(f"{odd_app.url}/web/login?ended=1")
    take(page, "log-in", tmp_path)
    for name, groups, told in (
        ("plan", ["developers", "shop", "choir", "ghosts"], "What you would get on staging"),
        ("no-access", ["choir", "canteen"], "There is nothing for you on staging yet"),
        ("no-groups", [], "There is nothing for you on staging yet"),
    ):
        issuer.well(f"looks-at-{name}", groups=groups)
        page.goto(f"{odd_app.url}/web/login")
        page.get_by_role("link", name="Log in with Odd").click()
        assert heading(page) == told
        take(page, name, tmp_path)


def test_the_page_between_ours_and_the_issuers_logout_fits_too(
    page: Page, odd_app: App, issuer: BrowserIssuer, tmp_path: Path
) -> None:
    issuer.well("looks-back", groups=["developers"])
    log_in_oddly(page, odd_app)
    # An issuer that has nothing to show yet: the browser stays where it is.
    page.route(f"{issuer.url}/end**", lambda route: route.fulfill(status=204))
    page.get_by_role("button", name="Log out").click()
    assert heading(page) == "You are logged out here"
    take(page, "leaving", tmp_path)
