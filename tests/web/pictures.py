"""Screenshots of a page: phone and desktop, light and dark."""

import os
from pathlib import Path

from playwright.sync_api import Page

SIZES = {"phone": (320, 720), "desktop": (1280, 800)}
FOLDER = os.environ.get("WEB_PICTURES", "")
"""Where they are kept for somebody to look at; nowhere without it."""


def take(page: Page, name: str, ignored: Path) -> None:
    """All of them, of the page as it stands; the page is as before afterwards."""
    folder = Path(FOLDER) if FOLDER else ignored
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not too_wide, f"{name} needs sideways scrolling on a {size}"
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
