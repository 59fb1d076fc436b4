"""The whole way in a real browser: kubectl, Chromium, Dex's own form, and the page at the end."""

from playwright.sync_api import expect

from tests.plugin.conftest import Product
from tests.support.chromium import PATIENCE, chromium, fill_in_dex
from tests.support.machine import Machine
from tests.support.waiting import eventually


def test_a_fresh_user_folder_kubectl_and_chromium_then_silence(
    machine: Machine, product: Product
) -> None:
    who, password = machine.environment["WHO"], machine.environment["PASSWORD"]
    machine.nobody_there()  # what BROWSER starts tells the address; here Chromium goes there
    machine.set_up()
    with chromium() as browser:
        first = machine.start("kubectl", "get", "pods", "-A", terminal=True)
        assert eventually(machine.addresses, 30)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(machine.addresses()[0])
        fill_in_dex(page, who, password)
        expect(page.get_by_role("heading", level=1)).to_have_text("You are logged in")
        expect(page.get_by_role("paragraph")).to_contain_text(f"You are {who} on kubernetes.")
        ended = machine.wait(first)
        assert ended.code == 0, ended.err
    silent = machine.kubectl("get", "pods", "-A", terminal=False)
    assert (silent.code, silent.err) == (0, "No resources found\n")
    assert len(machine.addresses()) == 1
    account = who.replace("@", "-").replace(".", "-")
    assert (
        f"system:serviceaccount:jwt-to-rbac-users:{account}"
        in machine.kubectl("auth", "whoami").out
    )
