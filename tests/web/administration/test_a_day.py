"""What an administrator does on a day, by clicking: find, look, suspend, set an end, revoke, ask."""

import pytest
from playwright.sync_api import Page, expect

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import BrowserIssuer
from tests.support.cluster import get, kubectl, names
from tests.support.waiting import eventually
from tests.web.administration.conftest import Enter
from tests.web.conftest import App, heading


def open_person(page: Page, kept: App, account: str) -> None:
    page.goto(f"{kept.url}/web/administration/people/{account}")


def act(page: Page, kept: App, account: str, what: str) -> None:
    """Go through the page that asks for confirmation."""
    open_person(page, kept, account)
    page.get_by_role("link", name=f"{what} …").click()
    page.get_by_role("button", name=what, exact=True).click()


def test_the_menu_leads_to_people_with_how_each_stands(jane: Page, kept: App, enter: Enter) -> None:
    enter("anna", "developers", "gardeners", "x1", "x2", devices=("a laptop", "a tablet"))
    jane.goto(f"{kept.url}/web")
    jane.get_by_role("link", name="Administration").click()
    assert heading(jane) == "People"
    row = jane.get_by_role("row").filter(has_text="anna@example.com")

    def cells() -> list[str]:
        jane.reload()
        return row.get_by_role("cell").all_inner_texts()

    assert eventually(lambda: cells()[-1] == "Ready"), cells()
    groups, roles, login, sessions, ends, _ = cells()
    assert groups == "developers, gardeners, x1 and 1 more"
    assert (roles, sessions, ends) == ("developers-from-jwt", "2", "no set end")
    assert "just now" in login or "ago" in login


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("BERTA", True, id="a-name-in-any-case"),
        pytest.param("berta@example", True, id="an-e-mail-address"),
        pytest.param("bakers-of-b", True, id="a-part-of-a-group"),
        pytest.param("developers-from", True, id="a-role-that-is-held"),
        pytest.param("Applied", True, id="a-conditions-reason"),
        pytest.param("berta's", False, id="nobody"),
    ],
)
def test_people_are_found_by_what_one_knows_of_them(
    jane: Page, kept: App, enter: Enter, text: str, found: bool
) -> None:
    enter("berta", "developers", "bakers-of-bread")
    row = jane.get_by_role("row").filter(has_text="berta@example.com")

    def is_found() -> bool:
        jane.goto(f"{kept.url}/web/administration")
        jane.get_by_role("searchbox", name="Search").fill(text)
        jane.get_by_role("button", name="Search").click()
        jane.wait_for_url("**search=**")
        return row.count() == 1

    # A condition is told right behind the login.
    assert eventually(lambda: is_found() is found)
    if not found:
        expect(jane.get_by_role("main")).to_contain_text("Nobody is like that.")


def test_a_search_goes_by_what_people_are_now(
    jane: Page, kept: App, issuer: BrowserIssuer, enter: Enter
) -> None:
    now = issuer.people.now()

    def found(text: str) -> bool:
        jane.goto(f"{kept.url}/web/administration?search={text}")
        return jane.get_by_role("row").filter(has_text="conny@example.com").count() == 1

    enter("conny", "developers", "sailors", iat=now - 9)
    assert found("sailors")
    enter("conny", "developers", "pilots", iat=now)
    assert found("pilots")
    assert not found("sailors")


def test_a_group_and_a_role_lead_to_who_has_them(jane: Page, kept: App, enter: Enter) -> None:
    account = enter("carl", "developers", "carls & co")
    open_person(jane, kept, account)
    jane.get_by_role("link", name="carls & co").click()
    assert jane.get_by_role("rowheader").all_inner_texts() == [f"carl@example.com\n{account}"]
    jane.get_by_role("link", name="Any group").click()
    assert jane.get_by_role("rowheader").count() > 1
    open_person(jane, kept, account)
    jane.get_by_role("link", name="developers-from-jwt").click()
    assert account in " ".join(jane.get_by_role("rowheader").all_inner_texts())
    expect(jane.get_by_role("main")).to_contain_text("holding developers-from-jwt")


def test_a_person_is_suspended_after_a_question_and_resumed(
    jane: Page, kept: App, sandbox: Sandbox, enter: Enter
) -> None:
    account = enter("dora", "developers", devices=("dora's laptop",))
    open_person(jane, kept, account)
    jane.get_by_role("link", name="Suspend …").click()
    assert heading(jane) == "Suspend dora@example.com?"
    assert get(sandbox, "ag", account)["spec"].get("suspended", False) is False
    jane.get_by_role("link", name="Cancel").click()
    act(jane, kept, account, "Suspend")
    expect(jane.get_by_role("status")).to_contain_text("Suspended: nothing is given")
    assert get(sandbox, "ag", account)["spec"]["suspended"] is True
    assert account not in names(sandbox, "serviceaccounts", "-n", "jwt-to-rbac-users")
    jane.goto(f"{kept.url}/web/administration?show=suspended")
    assert jane.get_by_role("rowheader").all_inner_texts() == [f"dora@example.com\n{account}"]
    open_person(jane, kept, account)
    expect(jane.get_by_role("main")).to_contain_text("Gets nothing now.")
    jane.get_by_role("button", name="Resume").click()
    expect(jane.get_by_role("status")).to_contain_text("Resumed")
    assert get(sandbox, "ag", account)["spec"]["suspended"] is False
    said = [one for one in kept.audited() if one.get("account") == account]
    changes = [one for one in said if one["event"] == "person_changed"]
    assert [one["suspended"] for one in changes] == [True, False]
    assert all("#" in one["caller"] for one in changes), "the record says who did it"


def test_an_end_is_set_and_taken_away(
    jane: Page, kept: App, sandbox: Sandbox, enter: Enter
) -> None:
    account = enter("emil", "developers")
    open_person(jane, kept, account)
    jane.get_by_label("Access ends").fill("2099-12-31T18:00")
    jane.get_by_role("button", name="Set the end").click()
    expect(jane.get_by_role("status")).to_have_text("The end is set.")
    assert get(sandbox, "ag", account)["spec"]["expiresAt"] == "2099-12-31T18:00:00Z"
    expect(jane.get_by_label("Access ends")).to_have_value("2099-12-31T18:00")
    jane.get_by_label("Access ends").fill("")
    jane.get_by_role("button", name="Set the end").click()
    expect(jane.get_by_role("status")).to_contain_text("no set end any more")
    assert "expiresAt" not in get(sandbox, "ag", account)["spec"]


def test_one_session_is_ended_then_all(jane: Page, kept: App, enter: Enter) -> None:
    account = enter("frida", "developers", devices=("one", "two", "three"))
    open_person(jane, kept, account)
    row = jane.get_by_role("row").filter(has_text="two")
    row.get_by_role("button", name="End").click()
    expect(jane.get_by_role("status")).to_have_text("The session has ended.")
    expect(row).to_have_count(0)
    jane.get_by_role("button", name="End all sessions").click()
    expect(jane.get_by_role("status")).to_have_text("All sessions have ended.")
    expect(jane.get_by_role("row").filter(has_text="three")).to_have_count(0)


def test_a_revoked_person_is_gone_and_it_was_told_what_goes(
    jane: Page, kept: App, sandbox: Sandbox, enter: Enter
) -> None:
    account = enter("gustav", "developers")
    open_person(jane, kept, account)
    jane.get_by_role("link", name="Revoke …").click()
    expect(jane.get_by_role("main")).to_contain_text("developers-from-jwt the whole cluster")
    jane.get_by_role("button", name="Revoke", exact=True).click()
    expect(jane.get_by_role("status")).to_contain_text(f"Everything is taken from {account}.")
    assert account not in names(sandbox, "accessgrants")
    open_person(jane, kept, account)
    assert heading(jane) == "There is nothing here"


def test_what_happened_lately_is_told_and_by_whom(jane: Page, kept: App, enter: Enter) -> None:
    account = enter("helga", "developers")
    act(jane, kept, account, "Suspend")
    events = jane.get_by_role("table", name="Events, the newest first")

    def told() -> str:
        open_person(jane, kept, account)
        return events.inner_text() if events.count() else ""

    by_jane = "Suspended by janedoe@example.com (janedoe-example-com)."
    assert eventually(lambda: by_jane in told()), told()


def test_what_others_bound_is_drift_in_plain_words(
    jane: Page, kept: App, sandbox: Sandbox, enter: Enter
) -> None:
    account = enter("ida", "developers")
    who = f"--serviceaccount=jwt-to-rbac-users:{account}"
    kubectl(sandbox, "create", "clusterrolebinding", "idas-own", "--clusterrole=view", who)
    ours = f"{account}-developers-from-jwt-binding"
    main, words = jane.get_by_role("main"), "made by others, and is theirs to keep or delete"

    def shown() -> str:
        open_person(jane, kept, account)
        return main.inner_text()

    try:
        assert eventually(lambda: "The clusterrolebinding idas-own binds the account" in shown())
        expect(main).to_contain_text(words)
        kubectl(sandbox, "delete", "clusterrolebinding", ours)
        missing = "The policy gives developers-from-jwt on the whole cluster, and no binding does"
        assert eventually(lambda: missing in shown())
        jane.goto(f"{kept.url}/web/administration?show=drift")
        assert jane.get_by_role("rowheader").all_inner_texts() == [f"ida@example.com\n{account}"]
    finally:
        kubectl(sandbox, "delete", "clusterrolebinding", "idas-own")


def test_a_role_that_is_absent_is_said_in_the_conditions(
    jane: Page, kept: App, enter: Enter
) -> None:
    account = enter("jo", "ghosts")
    jane.goto(f"{kept.url}/web/administration?show=not-ready&search=ClusterRoleAbsent")
    rows = jane.get_by_role("rowheader")

    def found() -> list[str]:
        jane.reload()
        return rows.all_inner_texts()

    assert eventually(lambda: found() == [f"jo@example.com\n{account}"])
    open_person(jane, kept, account)
    conditions = jane.get_by_role("table", name="Conditions of the AccessGrant")
    expect(conditions).to_contain_text("there are no such ClusterRoles: no-such-role. Make them.")


def test_who_can_do_this_is_answered_with_the_rule(jane: Page, kept: App, enter: Enter) -> None:
    enter("karl", "developers")
    jane.goto(f"{kept.url}/web/administration/who-can")
    jane.get_by_label("Verb").fill("get")
    jane.get_by_label("Resource").fill("deployments")
    jane.get_by_label("API group").fill("apps")
    jane.get_by_role("button", name="Ask").click()
    row = jane.get_by_role("row").filter(has_text="karl@example.com")
    expect(row.get_by_role("cell")).to_have_text(
        ["developers-from-jwt", "the whole cluster", "developers"]
    )
    jane.get_by_label("Verb").fill("delete")
    jane.get_by_role("button", name="Ask").click()
    expect(jane.get_by_role("row").filter(has_text="janedoe")).to_be_visible()
    expect(row).to_have_count(0)
    jane.get_by_label("Resource").fill("nodes")
    jane.get_by_label("API group").fill("")
    jane.get_by_role("button", name="Ask").click()
    expect(jane.get_by_role("heading", level=2)).to_have_text("Nobody can")


def test_claims_are_explained_without_a_login(jane: Page, kept: App, sandbox: Sandbox) -> None:
    jane.goto(f"{kept.url}/web/administration/explain")
    jane.get_by_label("Issuer").select_option(label="Odd")
    jane.get_by_role("textbox", name="E-mail address", exact=True).fill("new@example.com")
    jane.get_by_label("Groups").fill("admins\n developers \n\nsurfers\n")
    jane.get_by_role("button", name="Explain").click()
    answer = jane.get_by_role("region", name="new@example.com would get 3 roles")
    rows = [row.split("\t") for row in answer.get_by_role("row").all_inner_texts()]
    assert rows[1:] == [
        ["admin", "the whole cluster", "admins"],
        ["developers-from-jwt", "the whole cluster", "developers"],
        ["keepers-from-jwt", "the whole cluster", "keepers"],
    ]
    expect(answer).to_contain_text("surfers")
    expect(answer).to_contain_text("new-example-com")
    expect(jane.get_by_label("Groups")).to_have_value("admins\n developers \n\nsurfers\n")
    assert "new-example-com" not in names(sandbox, "accessgrants")


def test_claims_of_somebody_known_show_what_would_change(
    jane: Page, kept: App, enter: Enter
) -> None:
    account = enter("lena", "developers")
    jane.goto(f"{kept.url}/web/administration/explain")
    jane.get_by_label("Issuer").select_option(label="Odd")
    jane.get_by_label("Subject").fill("sub-lena")
    jane.get_by_label("Username").fill("lena@example.com")
    jane.get_by_label("Groups").fill("admins")
    jane.get_by_role("button", name="Explain").click()
    main = jane.get_by_role("main")
    expect(main.get_by_role("link", name=account)).to_be_visible()
    expect(main).to_contain_text("taken: developers-from-jwt on the whole cluster")
    expect(main).to_contain_text("given: admin on the whole cluster")


def test_a_whole_group_is_revoked_after_a_look_at_whom_it_hits(
    jane: Page, kept: App, sandbox: Sandbox, enter: Enter
) -> None:
    crew = [enter(f"member-{i}", "developers", "the crew") for i in range(3)]
    other = enter("outsider", "developers")
    jane.goto(f"{kept.url}/web/administration/group")
    jane.get_by_label("Group").fill("the crew")
    jane.get_by_role("button", name="Show whom it hits").click()
    expect(jane.get_by_role("heading", level=2)).to_have_text("3 people would lose everything")
    shown = jane.get_by_role("table").get_by_role("code").all_inner_texts()
    assert shown == crew
    assert set(crew) <= set(names(sandbox, "accessgrants")), "nothing is done yet"
    jane.get_by_role("button", name="Revoke all 3").click()
    expect(jane.get_by_role("status")).to_contain_text("Everything is taken from 3 people.")
    left = set(names(sandbox, "accessgrants"))
    assert left.isdisjoint(crew)
    assert other in left


def test_what_hits_oneself_says_so_first(jane: Page, kept: App) -> None:
    open_person(jane, kept, "janedoe-example-com")
    for what in ("Suspend", "Revoke"):
        open_person(jane, kept, "janedoe-example-com")
        jane.get_by_role("link", name=f"{what} …").click()
        expect(jane.get_by_role("main")).to_contain_text("This is you.")
    jane.goto(f"{kept.url}/web/administration/group?group=admins")
    expect(jane.get_by_role("main")).to_contain_text("You are one of them.")


def test_an_end_that_is_no_time_is_refused_in_a_page(jane: Page, kept: App, enter: Enter) -> None:
    account = enter("mona", "developers")
    open_person(jane, kept, account)
    jane.eval_on_selector("#ends", "field => { field.type = 'text'; field.value = 'soon' }")
    jane.get_by_role("button", name="Set the end").click()
    expect(jane.get_by_role("main")).to_contain_text("say a date and a time")
