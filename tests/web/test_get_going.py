"""What one takes home works with the real kubectl, and ends when it says."""

import json
from contextlib import suppress
from pathlib import Path

import yaml
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from jwt_to_rbac.client.target import parsed
from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import run_kubectl
from tests.support.waiting import eventually
from tests.web.conftest import App, log_in

TOKEN_CACHE = 11.0
"""Seconds for which the API server may take a token whose Secret has gone (10), and one more."""


def kubeconfig_shown(page: Page, tmp_path: Path) -> Path:
    """The kubeconfig that the page shows, copied as a person would."""
    file = tmp_path / "shown.kubeconfig"
    file.write_text(page.get_by_label("Kubeconfig with a token").inner_text())
    return file


def whoami(sandbox: Sandbox, kubeconfig: Path) -> str:
    """Who kubectl is with this file alone; "" if the API server doesn't know."""
    arguments = ["--kubeconfig", str(kubeconfig), "auth", "whoami", "-o", "json"]
    said = run_kubectl(sandbox, arguments, check=False)
    return json.loads(said.stdout)["status"]["userInfo"]["username"] if not said.returncode else ""


def test_a_token_is_shown_once_works_with_kubectl_and_ends_with_its_session(
    page: Page, app: App, sandbox: Sandbox, tmp_path: Path
) -> None:
    log_in(page, app, sandbox, "john")
    page.get_by_role("link", name="Get going").click()
    page.get_by_label("How long it shall last").select_option(label="4 hours")
    page.get_by_label("Where you will use it").fill("the build machine")
    page.get_by_role("button", name="Show it once").click()
    expect(page.get_by_role("main")).to_contain_text("It ends in 4 hours")
    file = kubeconfig_shown(page, tmp_path)
    assert whoami(sandbox, file) == "system:serviceaccount:jwt-to-rbac-users:johndoe-example-com"

    page.get_by_role("link", name="My sessions").first.click()
    row = page.get_by_role("row").filter(has_text="the build machine")
    row.get_by_role("button", name="End").click()
    expect(page.get_by_role("status")).to_have_text("The session has ended.")
    expect(page.get_by_text("the build machine")).to_have_count(0)
    assert eventually(lambda: not whoami(sandbox, file), TOKEN_CACHE), "the token still works"


def test_the_back_button_brings_no_token_back(page: Page, app: App, sandbox: Sandbox) -> None:
    log_in(page, app, sandbox, "john", "/web/get-going")
    page.get_by_role("button", name="Show it once").click()
    token = yaml.safe_load(page.get_by_label("Kubeconfig with a token").inner_text())
    shown = token["users"][0]["user"]["token"]
    page.get_by_role("link", name="Done").click()
    with suppress(
        PlaywrightError
    ):  # The browser would have to send the form again, and asks first.
        page.go_back()
    expect(page.locator("body")).not_to_contain_text(shown)
    page.goto(f"{app.url}/web/sessions")
    page.get_by_role("button", name="End all").click()


def test_a_token_can_be_downloaded_and_all_sessions_ended_at_once(
    page: Page, app: App, sandbox: Sandbox, tmp_path: Path
) -> None:
    log_in(page, app, sandbox, "jane", "/web/get-going")
    for _ in range(2):
        with page.expect_download() as started:
            page.get_by_role("button", name="Download with a token").click()
    assert started.value.suggested_filename == "staging.kubeconfig"
    file = tmp_path / "downloaded"
    started.value.save_as(file)
    assert whoami(sandbox, file).endswith(":janedoe-example-com")

    page.goto(f"{app.url}/web/sessions")
    page.get_by_role("button", name="End all").click()
    expect(page.get_by_role("status")).to_have_text("All your sessions have ended.")
    expect(page.get_by_role("main")).to_contain_text("You have no session.")


def test_the_kubeconfig_for_the_plugin_names_our_server_and_holds_no_secret(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "jane", "/web/get-going")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download staging.kubeconfig").click()
    document = yaml.safe_load(started.value.path().read_text())
    assert document["clusters"][0]["cluster"]["server"] == sandbox.api_server
    user = document["users"][0]
    assert user["name"] == document["current-context"] == "janedoe-example-com@staging"
    assert list(user["user"]) == ["exec"]
    command, *arguments = user["user"]["exec"]["args"]
    assert command == "credential"
    target = parsed(arguments)
    assert (target.server, target.insecure_http) == (app.url, True)
