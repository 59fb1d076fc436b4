"""The administration's pages on a phone and on a desktop, light and dark; axe finds nothing."""

from pathlib import Path

from playwright.sync_api import Page

from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import kubectl
from tests.support.waiting import eventually
from tests.web.administration.conftest import Enter
from tests.web.conftest import App
from tests.web.pictures import take


def test_every_page_of_the_administration_fits_a_phone_and_a_desktop(
    jane: Page, kept: App, sandbox: Sandbox, enter: Enter, tmp_path: Path
) -> None:
    groups = ("developers", "everybody-at-the-company", "on-call-in-the-second-week", "picture")
    account = enter("olga", *groups, devices=("olga's laptop", "The build machine"))
    for name in ("paul", "quentin.with-a-rather-long-name.of-three-parts"):
        enter(name, "developers", "picture")
    enter("rosa", "ghosts", "picture")
    whom = ("--clusterrole=view", f"--serviceaccount=jwt-to-rbac-users:{account}")
    kubectl(sandbox, "create", "clusterrolebinding", "by-hand", *whom)
    home = f"{kept.url}/web/administration"
    try:
        jane.goto(
            f"{home}/people/quentin-with-a-rather-long-name-of-three-parts-example-com/suspend"
        )
        jane.get_by_role("button", name="Suspend").click()
        jane.goto(f"{home}/people/{account}")
        jane.get_by_label("Access ends").fill("2099-12-31T18:00")
        jane.get_by_role("button", name="Set the end").click()

        def all_told() -> bool:
            jane.goto(f"{home}/people/{account}")
            text = jane.get_by_role("main").inner_text()
            return "EndSet" in text and "by-hand binds" in text

        assert eventually(all_told)
        take(jane, "admin-person", tmp_path)
    finally:
        kubectl(sandbox, "delete", "clusterrolebinding", "by-hand")
    for name, path in (
        ("people", "?group=picture"),
        ("suspend", f"/people/{account}/suspend"),
        ("revoke", f"/people/{account}/revoke"),
        ("who-can", "/who-can?verb=get&resource=pods&namespace=default"),
        ("group", "/group?group=picture"),
    ):
        jane.goto(home + path)
        take(jane, f"admin-{name}", tmp_path)
    jane.goto(f"{home}/explain")
    jane.get_by_role("textbox", name="E-mail address", exact=True).fill("new@example.com")
    jane.get_by_label("Groups").fill("admins\ndevelopers\nsurfers")
    jane.get_by_role("button", name="Explain").click()
    take(jane, "admin-explain", tmp_path)
