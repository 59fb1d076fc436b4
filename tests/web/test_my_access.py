"""What people read of their own access: the picture, the rules, the matrix, and what gave nothing."""

from playwright.sync_api import Locator, Page, expect

from jwt_to_rbac.sandbox import Sandbox
from tests.support.browser_issuer import BrowserIssuer
from tests.support.cluster import kubectl
from tests.web.conftest import App, heading, log_in, log_in_oddly


def rule(page: Page, name: str) -> Locator:
    """The row of a rule in the table."""
    table = page.get_by_role("table", name="Rules that are for you")
    header = page.get_by_role("rowheader", name=name)
    return table.get_by_role("row").filter(has=header)


def cell(page: Page, resources: str, verb: str) -> str:
    """What stands in the matrix for a line and a verb."""
    table = page.locator("table.matrix").first
    columns = table.get_by_role("columnheader").all_inner_texts()
    header = page.get_by_role("rowheader", name=resources, exact=True)
    row = table.get_by_role("row").filter(has=header)
    return row.get_by_role("cell").nth(columns.index(verb) - 1).inner_text()


def test_jane_sees_each_role_with_the_rule_that_gives_it(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "jane")
    expect(rule(page, "1 admins")).to_contain_text("the whole cluster")
    expect(rule(page, "1 admins").locator(".danger")).to_have_text(
        "changes things on the whole cluster"
    )
    expect(rule(page, "2 developers")).to_contain_text("developers-from-jwt")
    expect(rule(page, "2 developers")).to_contain_text("reads")
    expect(rule(page, "2 developers").locator(".danger")).to_have_count(0)
    user = "system:serviceaccount:jwt-to-rbac-users:janedoe-example-com"
    expect(page.get_by_role("definition").filter(has_text=user)).to_be_visible()


def test_the_matrix_names_the_rules_for_each_verb_and_resource(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "jane")
    # `admin` is aggregated: its rules come from the roles that it collects.
    assert cell(page, "deployments, replicasets apps", "get") == "1, 2"
    assert cell(page, "deployments, replicasets apps", "create") == "1"
    assert cell(page, "pods/eviction, serviceaccounts/token", "get") == ""
    assert cell(page, "serviceaccounts", "other verbs").startswith("impersonate 1")


def test_the_picture_shows_red_what_changes_the_whole_cluster(
    page: Page, app: App, sandbox: Sandbox
) -> None:
    log_in(page, app, sandbox, "jane")
    picture = page.get_by_role("img", name="From groups by rules to ClusterRoles")
    expect(picture).to_be_visible()
    assert picture.locator(".danger .name").all_text_contents() == ["admin", "the whole cluster"]
    page.get_by_role("button", name="Log out").click()
    page.context.clear_cookies()
    log_in(page, app, sandbox, "john")
    picture = page.get_by_role("img", name="From groups by rules to ClusterRoles")
    names = picture.locator(".name").all_text_contents()
    assert names == ["developers", "1 developers", "developers-from-jwt", "the whole cluster"]
    expect(picture.locator(".danger")).to_have_count(0)


def test_the_picture_and_the_table_say_what_gives_nothing_and_what_does_not_exist(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("seller", groups=["shop", "choir", "ghosts"])
    log_in_oddly(page, odd_app)
    picture = page.get_by_role("img", name="From groups by rules to ClusterRoles")
    assert picture.locator(".idle .name").all_text_contents() == ["choir"]
    assert picture.locator(".idle .note").all_text_contents() == ["gives nothing"]
    assert picture.locator(".missing .name").all_text_contents() == ["no-such-role", "closed"]
    expect(rule(page, "ghosts").locator(".danger")).to_have_text("this role doesn't exist")
    expect(rule(page, "shop")).to_contain_text("default, kube-public")
    expect(rule(page, "shop")).to_contain_text("closed (doesn't exist)")
    expect(rule(page, "shop")).to_contain_text("changes things there")
    expect(page.get_by_role("listitem").filter(has_text="choir")).to_contain_text("gives nothing")
    matched = page.get_by_role("main").get_by_role("listitem").filter(has_text="shop")
    expect(matched).to_have_text("shop")


def test_paths_and_single_objects_have_lines_of_their_own(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("prober", groups=["probes"])
    log_in_oddly(page, odd_app)
    assert cell(page, "secrets only door", "get") == "1"
    paths = page.get_by_role("table", name="Addresses of the API server itself")
    expect(paths.get_by_role("row", name="/metrics get 1")).to_be_visible()


def test_namespaces_where_the_same_holds_stand_together(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("clerk", groups=["shop"])
    log_in_oddly(page, odd_app)
    expect(page.get_by_text("In namespaces default, kube-public")).to_be_visible()


def test_a_rule_by_an_expression_alone_is_drawn_from_oneself(
    page: Page, odd_app: App, issuer: BrowserIssuer
) -> None:
    issuer.well("keeper", groups=["choir"])
    log_in_oddly(page, odd_app)
    picture = page.get_by_role("img", name="From groups by rules to ClusterRoles")
    names = picture.locator(".name").all_text_contents()
    assert names == ["you yourself", "choir", "1 keeper", "view", "the whole cluster"]
    expect(rule(page, "keeper")).to_contain_text("an expression over who you are")


def test_what_others_bound_to_ones_account_is_told_apart(
    page: Page, odd_app: App, sandbox: Sandbox, issuer: BrowserIssuer
) -> None:
    issuer.well("favourite", groups=["probes"])
    log_in_oddly(page, odd_app)
    account = "--serviceaccount=jwt-to-rbac-users:favourite-example-com"
    kubectl(sandbox, "create", "clusterrolebinding", "a-favour", "--clusterrole=view", account)
    try:
        page.reload()
        expect(page.get_by_role("listitem").filter(has_text="a-favour")).to_be_visible()
    finally:
        kubectl(sandbox, "delete", "clusterrolebinding", "a-favour")


def test_all_of_it_can_be_read_without_javascript(page: Page, app: App, sandbox: Sandbox) -> None:
    browser = page.context.browser
    assert browser
    with browser.new_context(java_script_enabled=False) as context:
        plain = context.new_page()
        log_in(plain, app, sandbox, "jane")
        assert heading(plain) == "My access"
        expect(plain.get_by_role("img", name="From groups by rules")).to_be_visible()
        assert cell(plain, "pods/eviction, serviceaccounts/token", "create") == "1"
        plain.goto(f"{app.url}/web/get-going")
        plain.get_by_role("button", name="Show it once").click()
        expect(plain.get_by_role("main")).to_contain_text("It ends in 1 hour")
        plain.goto(f"{app.url}/web/sessions")
        plain.get_by_role("button", name="End all").click()
        expect(plain.get_by_role("status")).to_have_text("All your sessions have ended.")
