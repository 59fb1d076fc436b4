"""Every page of the web app is shown in the documentation; `make pictures` renews what the tests see."""

import re
import struct
from pathlib import Path

from tests.docs.test_reference import ROOT
from tests.web.pictures import DOCS_SIZE, DOCUMENTED, documented

PICTURES = ROOT / "docs" / "pictures"
PAGE = ROOT / "docs" / "web-app.md"
TEMPLATES = ROOT / "src" / "jwt_to_rbac" / "web" / "templates"
RENEW = "`make pictures` renews docs/pictures"

ELSEWHERE = {"error": "not-found", "no_access": "no-groups"}
"""Templates that are seen on the picture of another name."""

FRAMES = {"base", "admin_base"}


def files() -> set[str]:
    return {file for name in DOCUMENTED for file in documented(name)}


def test_there_is_a_picture_of_each_page_and_no_other() -> None:
    assert {file.name for file in PICTURES.iterdir()} == files(), RENEW


def test_each_template_of_a_page_has_a_picture() -> None:
    pages = {
        template.stem
        for template in TEMPLATES.glob("*.html")
        if "{% extends" in template.read_text() and template.stem not in FRAMES
    }
    names = {name.replace("-", "_") for name in DOCUMENTED}
    others = {"login": "log_in", **{one: to.replace("-", "_") for one, to in ELSEWHERE.items()}}
    assert {others.get(page, page) for page in pages} <= names, "give it a place in DOCUMENTED"


def test_each_picture_stands_in_the_documentation() -> None:
    shown = set(re.findall(r"pictures/([a-z-]+\.png)", PAGE.read_text()))
    assert shown == files()


def test_each_picture_is_a_whole_one_and_small() -> None:
    for file in sorted(PICTURES.iterdir()):
        data = file.read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n", RENEW
        assert struct.unpack(">II", data[16:24]) == DOCS_SIZE, f"{file.name}: {RENEW}"
        assert 4_000 < len(data) < 150_000, file.name
    assert sum(file.stat().st_size for file in PICTURES.iterdir()) < 2_000_000


def test_the_pictures_are_made_by_tests() -> None:
    """Each name stands in a test that takes it; `take` refuses names that aren't documented."""
    told = "".join(
        file.read_text()
        for file in Path(ROOT / "tests" / "web").rglob("test_*.py")
        if "take(" in file.read_text()
    )
    for name in DOCUMENTED:
        # The administration's are named by their page, after `admin-`.
        assert re.search(rf'"(?:{name}|{name.removeprefix("admin-")})"', told), name
