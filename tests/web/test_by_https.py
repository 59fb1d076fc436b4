"""Where people come by https the browser is held to it."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from jwt_to_rbac.certificate_authority import CertificateAuthority
from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import BrowserIssuer
from tests.support.server import free_port
from tests.web.conftest import App, heading, log_in_oddly, running_app


@pytest.fixture
def secure_app(sandbox: Sandbox, odd_app: App, tmp_path: Path) -> Iterator[App]:
    authority = CertificateAuthority(tmp_path, "web tests", datetime.timedelta(hours=1))
    pair = authority.issue("web", "web", hosts=("localhost", "127.0.0.1"))
    port = free_port()
    config: dict[str, Any] = odd_app.config | {"audit": {"sink": str(tmp_path / "audit.log")}}
    config["server"] = {"certificateFile": str(pair.certificate), "keyFile": str(pair.key)}
    config["web"] = config["web"] | {"publicURL": f"https://localhost:{port}"}
    with running_app(config, tmp_path, odd_app.keys, port) as found:
        yield found


def test_cookies_are_for_this_host_by_https_alone(
    browser: Browser, secure_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("secure", groups=["developers"])
    with browser.new_context(ignore_https_errors=True) as context:
        page = context.new_page()
        log_in_oddly(page, secure_app)
        assert heading(page) == "My access"
        (cookie,) = context.cookies()
        assert cookie["name"] == "__Host-jwt-to-rbac"
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "localhost")
        headers = context.request.get(f"{secure_app.url}/web").headers
        assert headers["strict-transport-security"] == "max-age=31536000"
        page.goto(f"{secure_app.url}/web/get-going")
        assert "insecure-http" not in page.content()
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/web/logged-out")
        assert context.cookies() == []
