"""The product with its web app, and a browser, for all tests of this folder."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import CLIENT, SECRET, BrowserIssuer, browser_issuer
from tests.support.chromium import PATIENCE, chromium, fill_in_dex
from tests.support.cluster import install
from tests.support.configuration import configuration, write
from tests.support.server import Server, free_port, running

MORE_RULES: list[dict[str, Any]] = [
    {"name": "ghosts", "groups": ["ghosts"], "clusterRole": "no-such-role"},
    {
        "name": "shop",
        "groups": ["shop"],
        "clusterRole": "edit",
        "scope": {"namespaces": ["default", "kube-public", "closed"]},
    },
    {
        "name": "probes",
        "groups": ["probes", "shop"],
        "rules": [
            {"verbs": ["get"], "nonResourceURLs": ["/metrics"]},
            {"verbs": ["get"], "resources": ["secrets"], "resourceNames": ["door"]}
            | {"apiGroups": [""]},
        ],
    },
    {"name": "keeper", "when": "user.username == 'keeper@example.com'", "clusterRole": "view"},
]
"""Beside the article's: a role that doesn't exist, namespaces, names, paths, an expression."""


@dataclass(frozen=True)
class App:
    """A running server with the web app, and where browsers find it."""

    server: Server
    url: str
    audit: Path
    config: dict[str, Any]
    keys: list[Path]

    def audited(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.audit.read_text().splitlines()]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as running_browser:
        yield running_browser


def web(port: int, key_files: list[Path]) -> dict[str, Any]:
    """The configuration's section; Dex lets public clients come back to localhost alone."""
    files = [str(file) for file in key_files]
    return {"publicURL": f"http://localhost:{port}", "sessionKeyFiles": files}


@contextmanager
def running_app(config: dict[str, Any], folder: Path, keys: list[Path], port: int) -> Iterator[App]:
    """The server on a port of its own, known to browsers by `config`'s publicURL, else by that."""
    config = {"web": web(port, keys), "cluster": {"name": "staging"}} | config
    file = write(config, f"127.0.0.1:{port}", folder)
    arguments = ["serve", "--config", str(file), "--controllers=false"]
    scheme = config["web"]["publicURL"].partition(":")[0]
    with running(arguments, port, folder, os.environ, scheme=scheme) as server:
        audit = Path(config["audit"]["sink"])
        yield App(server, config["web"]["publicURL"], audit, config, keys)


def new_key(folder: Path, name: str = "session.key") -> Path:
    file = folder / name
    file.write_text(secrets.token_urlsafe(32))
    return file


@pytest.fixture(scope="package")
def app(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The article's policy, with people who log in at Dex as its public client."""
    install(sandbox)
    folder = tmp_path_factory.mktemp("web")
    issuers = {sandbox.issuer: sandbox.public_client_id}
    config: dict[str, Any] = configuration(sandbox.kubeconfig, folder / "audit.log", issuers)
    with running_app(config, folder, [new_key(folder)], free_port()) as found:
        yield found


@pytest.fixture(scope="package")
def issuer() -> Iterator[BrowserIssuer]:
    """An issuer whose answers may be as bad as a test wants them."""
    with browser_issuer() as found:
        yield found


@pytest.fixture(scope="package")
def odd_app(
    sandbox: Sandbox, issuer: BrowserIssuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    """The same with two issuers to choose from; the other one has a client with a secret."""
    install(sandbox)
    folder = tmp_path_factory.mktemp("odd")
    secret = folder / "client.secret"
    secret.write_text(f"{SECRET}\n")
    issuers = {sandbox.issuer: sandbox.public_client_id, issuer.url: CLIENT}
    config: dict[str, Any] = configuration(sandbox.kubeconfig, folder / "audit.log", issuers)
    config["policy"]["rules"] = [*config["policy"]["rules"], *MORE_RULES]
    config["jwt"][1]["login"] = {"name": "Odd", "webClientSecretFile": str(secret)}
    with running_app(config, folder, [new_key(folder)], free_port()) as found:
        yield found


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
    set_up(page)


def log_in_oddly(page: Page, odd_app: App, to: str = "/web") -> None:
    """Open a page of the app with two issuers, and choose the one that has no form."""
    page.goto(odd_app.url + to)
    page.get_by_role("link", name="Log in with Odd").click()
    page.wait_for_url(lambda url: "/web/login" not in url)
    set_up(page)


def set_up(page: Page) -> None:
    """Have made what the plan says, where somebody is new; whoever isn't has been let in already."""
    button = page.get_by_role("button", name="Set up my access")
    if button.count():
        button.click()
        page.wait_for_url(lambda url: "/web/callback" not in url)


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()
