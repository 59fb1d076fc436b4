"""The article's flow by clicking, for jane and john: log in, take a kubeconfig home, use it, log out.

The commands are the page's own, typed into a shell as a person would.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import get, kubectl
from tests.web.conftest import App, heading, log_in

OTHERS = """\
apiVersion: v1
kind: Config
clusters: [{name: elsewhere, cluster: {server: "https://elsewhere.example.com"}}]
users: [{name: me@elsewhere, user: {token: old}}]
contexts: [{name: me@elsewhere, context: {cluster: elsewhere, user: me@elsewhere}}]
current-context: me@elsewhere
"""


@dataclass(frozen=True)
class Home:
    """A person's home folder, with a kubeconfig for another cluster, and kubectl on the PATH."""

    folder: Path
    programs: Path

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        environment = {"HOME": str(self.folder), "PATH": f"{self.programs}:{os.environ['PATH']}"}
        return subprocess.run(
            ["/bin/sh", "-c", command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def home(tmp_path: Path, sandbox: Sandbox) -> Home:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "kubectl").symlink_to(sandbox.kubectl)
    for folder in (".kube", "Downloads"):
        (tmp_path / folder).mkdir()
    (tmp_path / ".kube" / "config").write_text(OTHERS)
    return Home(tmp_path, programs)


def take_home(page: Page, home: Home) -> None:
    """Download a kubeconfig with a token, and merge it as the page says."""
    page.get_by_role("link", name="Get going").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download with a token").click()
    download = started.value
    download.save_as(home.folder / "Downloads" / download.suggested_filename)
    commands = (
        page.locator("details").filter(has_text="Linux and macOS").locator("code").inner_text()
    )
    done = home.shell(commands)
    assert (done.returncode, done.stderr) == (0, "")
    assert (home.folder / ".kube" / "config").stat().st_mode & 0o077 == 0
    assert list((home.folder / "Downloads").iterdir()) == []


def test_jane_of_the_article_from_the_first_click_to_the_last(
    page: Page, app: App, sandbox: Sandbox, home: Home
) -> None:
    log_in(page, app, sandbox, "jane")
    name = "janedoe-example-com"
    assert get(sandbox, "ag", name)["spec"]["subject"]["groups"] == ["admins", "developers"]
    take_home(page, home)
    context = home.shell("kubectl config current-context").stdout.strip()
    assert context == f"{name}@staging"
    assert "me@elsewhere" in home.shell("kubectl config get-contexts -o name").stdout
    try_it = page.locator("pre", has_text="auth whoami").inner_text()
    assert f"system:serviceaccount:jwt-to-rbac-users:{name}" in home.shell(try_it).stdout
    assert home.shell("kubectl get pods -A").returncode == 0
    made = home.shell("kubectl create configmap by-clicking -n default")
    assert made.returncode == 0, made.stderr
    kubectl(sandbox, "delete", "configmap", "by-clicking", "-n", "default")
    assert "Forbidden" in home.shell("kubectl get nodes").stderr

    page.get_by_role("link", name="My sessions").first.click()
    page.get_by_role("button", name="End all").click()
    expect(page.get_by_role("main")).to_contain_text("You have no session.")
    page.get_by_role("button", name="Log out").click()
    assert heading(page) == "You are logged out"
    page.goto(f"{app.url}/web/sessions")
    expect(page.locator("input[name=login]")).to_be_visible()


def test_john_who_is_only_a_developer_gets_only_that(
    page: Page, app: App, sandbox: Sandbox, home: Home
) -> None:
    log_in(page, app, sandbox, "john")
    take_home(page, home)
    assert home.shell("kubectl get pods -A").returncode == 0
    refused = home.shell("kubectl create configmap by-clicking -n default")
    assert "Forbidden" in refused.stderr or "forbidden" in refused.stderr


def test_all_of_it_can_be_done_with_the_keyboard_alone(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "john")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.inner_text() == "Get going":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Get going")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(":focus").inner_text() == "Show it once":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your kubeconfig, shown this once")
