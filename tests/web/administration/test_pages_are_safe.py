"""What others named themselves is text on an administrator's page too, and the keyboard is enough."""

import pytest
from playwright.sync_api import Page, expect

from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import get
from tests.web.administration.conftest import Enter
from tests.web.conftest import App
from tests.web.test_pages_are_safe import HTML


@pytest.fixture(scope="module")
def html(enter: Enter) -> str:
    return enter("html", "developers", HTML, email=f"{HTML}@example.com", devices=(HTML,))


def test_html_in_names_groups_and_devices_is_shown_as_it_is(
    jane: Page, kept: App, html: str
) -> None:
    complaints: list[str] = []
    jane.on("console", lambda message: complaints.append(message.text))
    home, who = f"{kept.url}/web/administration", f"{HTML}@example.com"
    for path in (
        "?search=onerror",
        f"/people/{html}",
        f"/people/{html}/suspend",
        f"/people/{html}/revoke",
        "/who-can?verb=get&resource=pods",
    ):
        jane.goto(home + path)
        expect(jane.get_by_role("main")).to_contain_text(who)
        assert jane.locator("main img, main script").count() == 0
    jane.goto(f"{home}/people/{html}")
    expect(jane.get_by_role("rowheader", name=HTML)).to_be_visible()
    jane.get_by_role("link", name=HTML).click()
    expect(jane.get_by_text(f"in the group {HTML}")).to_be_visible()
    jane.get_by_role("link", name="Revoke everybody in").click()
    expect(jane.get_by_label("Group")).to_have_value(HTML)
    expect(jane.get_by_role("heading", level=2)).to_have_text("One person would lose everything")
    jane.goto(f"{home}/explain")
    jane.get_by_role("textbox", name="E-mail address", exact=True).fill(who)
    jane.get_by_label("Groups").fill(HTML)
    jane.get_by_role("button", name="Explain").click()
    expect(jane.get_by_role("region", name=f"{who} would get nothing")).to_contain_text(HTML)
    assert jane.locator("main img, main script").count() == 0
    assert complaints == []


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this text or id is focused."""
    seen: list[str] = []
    while len(seen) < 60:
        page.keyboard.press("Tab")
        focused = "(document.activeElement.innerText || document.activeElement.id).trim()"
        seen.append(page.evaluate(focused))
        if seen[-1] == name:
            return
    raise AssertionError(f"no Tab leads to {name}: {seen}")


def test_somebody_is_found_and_suspended_by_the_keyboard_alone(
    jane: Page, kept: App, sandbox: Sandbox, enter: Enter
) -> None:
    account = enter("nadja", "developers")
    jane.goto(f"{kept.url}/web")
    tab_to(jane, "Administration")
    jane.keyboard.press("Enter")
    jane.wait_for_url("**/web/administration")
    tab_to(jane, "search")
    jane.keyboard.type("nadja")
    jane.keyboard.press("Enter")
    jane.wait_for_url("**search=nadja**")
    for name, then in (
        ("nadja@example.com", f"**/{account}"),
        ("Suspend …", "**/suspend"),
        ("Suspend", "**done=suspended"),
    ):
        tab_to(jane, name)
        jane.keyboard.press("Enter")
        jane.wait_for_url(then)
    assert get(sandbox, "ag", account)["spec"]["suspended"] is True
