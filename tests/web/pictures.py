"""Screenshots of a page, and axe's word on it: phone and desktop, light and dark."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SIZES = {"phone": (320, 720), "desktop": (1280, 800)}
FOLDER = os.environ.get("WEB_PICTURES", "")
"""Where pictures are kept for somebody to look at; nowhere without it."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def take(page: Page, name: str, ignored: Path) -> None:
    """All of them, of the page as it stands; fails on what doesn't fit or what axe finds."""
    folder = Path(FOLDER) if FOLDER else ignored
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not too_wide, f"{name} needs sideways scrolling on a {size}"
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
            found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
            checked = {rule["id"] for rule in found.response["passes"]}
            assert {"color-contrast", "target-size"} <= checked, "axe saw the page, styles and all"
            assert not found.violations_count, f"{name}-{size}-{scheme}: {found.generate_report()}"
    page.emulate_media(color_scheme="light")
