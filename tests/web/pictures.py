"""Screenshots of a page, and axe's word on it: phone and desktop, light and dark.

`WEB_PICTURES=folder` keeps them all, for somebody to look at; `DOCS_PICTURES=folder` those of the
documentation (`make pictures`).
"""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SIZES = {"phone": (320, 720), "desktop": (1280, 800)}
FOLDER = os.environ.get("WEB_PICTURES", "")
"""Where pictures are kept for somebody to look at; nowhere without it."""

DOCS_FOLDER = os.environ.get("DOCS_PICTURES", "")
DOCS_SIZE = (1100, 760)
DOCUMENTED = (
    "log-in",
    "plan",
    "my-access",
    "full",
    "get-going",
    "token",
    "sessions",
    "no-access",
    "no-groups",
    "not-found",
    "leaving",
    "logged-out",
    "admin-people",
    "admin-person",
    "admin-suspend",
    "admin-revoke",
    "admin-who-can",
    "admin-group",
    "admin-explain",
)
"""Every page, by the name of its picture in the documentation."""

BOTH_WAYS = ("plan", "my-access", "get-going", "sessions", "admin-people")
"""Those that the documentation shows dark as well."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def take(page: Page, name: str, ignored: Path) -> None:
    """All of them, of the page as it stands; fails on what doesn't fit or what axe finds."""
    assert name in DOCUMENTED, f"the documentation has no place for a picture of {name}"
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
    if DOCS_FOLDER:
        width, height = DOCS_SIZE
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        for file in documented(name):
            page.emulate_media(color_scheme="dark" if file.endswith("-dark.png") else "light")
            page.screenshot(path=Path(DOCS_FOLDER) / file)
        page.emulate_media(color_scheme="light")


def documented(name: str) -> list[str]:
    """The files of a page's pictures in the documentation."""
    return [f"{name}.png"] + ([f"{name}-dark.png"] if name in BOTH_WAYS else [])
