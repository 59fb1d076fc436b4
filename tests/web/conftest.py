"""The product with its web app, and a browser, for all tests of this folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from jwt_to_rbac.sandbox import Sandbox
from tests.support.chromium import PATIENCE, chromium, fill_in_dex
from tests.support.cluster import install
from tests.support.configuration import configuration, write
from tests.support.server import Server, free_port, running


@dataclass(frozen=True)
class App:
    """A running server with the web app, and where browsers find it."""

    server: Server
    url: str
    audit: Path
    config: dict[str, Any]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as running_browser:
        yield running_browser


def web_configuration(
    sandbox: Sandbox, folder: Path, port: int, key_files: list[Path]
) -> dict[str, Any]:
    """The article's policy, with people who log in at Dex as its public client."""
    issuers = {sandbox.issuer: sandbox.public_client_id}
    config: dict[str, Any] = configuration(sandbox.kubeconfig, folder / "audit.log", issuers)
    config["web"] = {
        "publicURL": f"http://localhost:{port}",  # Dex lets public clients come back there alone.
        "sessionKeyFiles": [str(file) for file in key_files],
    }
    config["cluster"] = {"name": "staging"}
    return config


@pytest.fixture(scope="package")
def app(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    install(sandbox)
    folder = tmp_path_factory.mktemp("web")
    key = folder / "session.key"
    key.write_text("k" * 43)
    port = free_port()
    config = web_configuration(sandbox, folder, port, [key])
    file = write(config, f"127.0.0.1:{port}", folder)
    arguments = ["serve", "--config", str(file), "--controllers=false"]
    with running(arguments, port, folder, {"PATH": "/usr/bin:/bin"}) as server:
        yield App(server, config["web"]["publicURL"], folder / "audit.log", config)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of its own, as a person's who was never here."""
    made = browser.new_context()
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def log_in(page: Page, app: App, sandbox: Sandbox, person: str, path: str = "/") -> None:
    """Open a page of the app, and go through Dex as one of the article's people."""
    page.goto(app.url + path)
    who = sandbox.people[person]
    fill_in_dex(page, who.email, who.password)
    page.wait_for_url(f"{app.url}/web**")
