"""The documentation builds as a site, has every page in its navigation, and fetches nothing from elsewhere."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.test_reference import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist" / "site"


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """As `make site` does, in a folder of its own."""
    if not (folder / "docs").exists():
        shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copyfile(ROOT / "zensical.toml", folder / "zensical.toml")
    command = [str(Path(sys.executable).parent / "zensical"), "build", "--strict"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_page_is_in_the_navigation() -> None:
    nav = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    docs = ROOT / "docs"
    pages = {str(page.relative_to(docs)) for page in docs.rglob("*.md")}
    assert set(_pages(nav)) == pages


def _pages(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for inner in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _pages(inner)


def test_the_site_has_every_page_and_its_pictures(built: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        assert (built / page.relative_to(ROOT / "docs")).with_suffix(".html").exists()
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert (built / "pictures" / picture.name).exists()


def test_the_site_fetches_nothing_from_elsewhere(built: Path) -> None:
    fetched = r'<(?:script|img|iframe|link)[^>]* (?:src|href)="((?:https?:)?//[^"]+)"'
    for page in built.rglob("*.html"):
        assert re.findall(fetched, page.read_text()) == [], page.name
    for style in built.rglob("*.css"):
        assert not re.search(r"@import|url\(['\"]?(https?:)?//", style.read_text()), style.name


@pytest.mark.parametrize("link", ["no-such-page.md", "install.md#no-such-heading"])
def test_a_broken_link_is_an_error(tmp_path: Path, link: str) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "docs" / "index.md").write_text(f"# Broken\n[somewhere]({link})\n")
    done = build(tmp_path)
    assert done.returncode != 0
    assert "does not exist" in done.stdout + done.stderr
