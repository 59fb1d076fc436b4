"""What people carry away is theirs alone, and has an end. (Complaints about others: tests/plugin/test_complaints.py.)"""

import base64
import json
import time
from typing import Any

import yaml
from playwright.sync_api import Browser, BrowserContext, Page

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import BrowserIssuer
from tests.web.conftest import App, heading, log_in, log_in_oddly

LONGEST_DAYS = 1.01
"""What a token may last at most, where the configuration doesn't say otherwise: a day."""


def downloaded(page: Page, role: str, name: str) -> dict[str, Any]:
    with page.expect_download() as started:
        page.get_by_role("link" if role == "link" else "button", name=name).click()
    document: dict[str, Any] = yaml.safe_load(started.value.path().read_text())
    return document


def claims(kubeconfig: dict[str, Any]) -> dict[str, Any]:
    payload = kubeconfig["users"][0]["user"]["token"].split(".")[1]
    found: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return found


def test_two_people_at_once_each_get_their_own_kubeconfig(
    browser: Browser, app: App, sandbox: Sandbox
) -> None:
    with browser.new_context() as one, browser.new_context() as other:
        pages = {"jane": one.new_page(), "john": other.new_page()}
        for name, page in pages.items():
            log_in(page, app, sandbox, name, "/web/get-going")
        for name in ("jane", "john", "jane"):
            account = f"{name}doe-example-com"
            plain = downloaded(pages[name], "link", "Download staging.kubeconfig")
            assert plain["current-context"] == f"{account}@staging"
            token = downloaded(pages[name], "button", "Download with a token")
            assert claims(token)["sub"].endswith(f":{account}")
        for path in ("/web/get-going", "/web/sessions"):
            assert one.request.get(app.url + path).headers["cache-control"] == "no-store"


def test_each_download_is_a_session_with_an_end_that_its_owner_sees(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "john", "/web/get-going")
    ends = [claims(downloaded(page, "button", "Download with a token"))["exp"] for _ in range(2)]
    assert all(0 < end - time.time() < LONGEST_DAYS * 86_400 for end in ends)
    page.goto(f"{app.url}/web/sessions")
    assert page.get_by_role("button", name="End the session on").count() >= 2
    page.get_by_role("button", name="End all").click()


def test_the_cookie_of_somebody_in_hundreds_of_groups_is_small(
    page: Page, context: BrowserContext, odd_app: App, issuer: BrowserIssuer
) -> None:
    groups = [f"a-team-whose-name-is-rather-long-number-{i:03}" for i in range(300)]
    issuer.well("member", groups=["developers", *groups])
    log_in_oddly(page, odd_app)
    assert heading(page) == "My access"
    (cookie,) = context.cookies(odd_app.url)
    assert len(cookie["name"] + cookie["value"]) < 1000
