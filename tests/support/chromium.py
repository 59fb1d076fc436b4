"""A person at a real browser: the machine's own Chromium, driven by playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 20_000
"""Milliseconds: a first start on a busy machine takes its time."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser. Nothing that runs an event loop may run in this thread meanwhile."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, f"none of {', '.join(NAMES)} is installed: `make test` says how"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--no-proxy-server"], timeout=PATIENCE
        )
        yield browser
        browser.close()


def fill_in_dex(page: Page, who: str, password: str) -> None:
    """Log in on Dex's own form."""
    page.fill("input[name=login]", who)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
