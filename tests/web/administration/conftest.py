"""A server whose policy lets the article's admins keep people, and people to be kept."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import CLIENT, SECRET, BrowserIssuer
from tests.support.chromium import PATIENCE
from tests.support.cluster import clear, install
from tests.support.configuration import POLICY, configuration
from tests.support.server import free_port
from tests.support.waiting import eventually
from tests.web.conftest import App, log_in, new_key, running_app

ALL = ["get", "list", "patch", "delete"]
PEOPLE_HERE = ["accessgrants", "accessgrants/tokens"]


def keeping(name: str, groups: list[str], verbs: list[str]) -> dict[str, Any]:
    """A rule that makes its groups administrators: rights on AccessGrants are all that it takes."""
    rule = {"verbs": verbs, "apiGroups": ["jwt-to-rbac.io"], "resources": PEOPLE_HERE}
    return {"name": name, "groups": groups, "rules": [rule]}


@pytest.fixture(scope="package")
def kept(
    sandbox: Sandbox, issuer: BrowserIssuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    """The server. Jane of the article administers it, john doesn't; `readers` only look."""
    install(sandbox)
    clear(sandbox)
    folder = tmp_path_factory.mktemp("kept")
    secret = folder / "client.secret"
    secret.write_text(f"{SECRET}\n")
    issuers = {sandbox.issuer: sandbox.public_client_id, issuer.url: CLIENT}
    policy: dict[str, object] = {
        "rules": [
            *POLICY["rules"],
            keeping("keepers", ["admins"], ALL),
            keeping("readers", ["readers"], ["get", "list"]),
            {"name": "ghosts", "groups": ["ghosts"], "clusterRole": "no-such-role"},
        ]
    }
    config: dict[str, Any] = configuration(
        sandbox.kubeconfig, folder / "audit.log", issuers, policy
    )
    config["jwt"][1]["login"] = {"name": "Odd", "webClientSecretFile": str(secret)}
    with running_app(config, folder, [new_key(folder)], free_port()) as found:
        yield found
    clear(sandbox)


Enter = Callable[..., str]


@pytest.fixture(scope="package")
def enter(kept: App, issuer: BrowserIssuer) -> Enter:
    """Has somebody log in without a browser, on as many devices as named; gives their account."""

    def call(path: str, body: object, bearer: str) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {bearer}"}
        data = json.dumps(body).encode()
        request = urllib.request.Request(kept.server.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.loads(reply.read())

    def somebody(name: str, *groups: str, devices: tuple[str, ...] = (), **claims: Any) -> str:
        token = issuer.people.token(name, aud=CLIENT, groups=list(groups), **claims)
        account: str = call("/rbac/", {"token": token}, token)["ServiceAccount"]
        for device in devices:
            call("/api/v1/sessions", {"device": device}, token)
        return account

    return somebody


@pytest.fixture(scope="package")
def janes(browser: Browser, kept: App, sandbox: Sandbox) -> Iterator[BrowserContext]:
    """The browser of the administrator, who came through Dex."""
    made = browser.new_context()
    made.set_default_timeout(PATIENCE)
    page = made.new_page()

    def has_the_menu() -> bool:
        page.reload()
        return page.get_by_role("link", name="Administration").count() == 1

    page.goto(f"{kept.url}/web/login?{_at(sandbox)}")
    log_in_at_dex(page, kept, sandbox, "jane")
    assert eventually(has_the_menu), "RBAC says that jane administers"
    page.close()
    yield made
    made.close()


@pytest.fixture
def jane(janes: BrowserContext) -> Iterator[Page]:
    """A tab of hers."""
    tab = janes.new_page()
    yield tab
    tab.close()


def _at(sandbox: Sandbox) -> str:
    return f"issuer={sandbox.issuer}"


def log_in_at_dex(page: Page, kept: App, sandbox: Sandbox, person: str) -> None:
    """There are two issuers to choose from here."""
    log_in(page, kept, sandbox, person, f"/web/login?{_at(sandbox)}")
