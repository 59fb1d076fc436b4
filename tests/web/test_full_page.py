"""Somebody with two hundred groups and fifty roles: their page stays readable, and quick."""

import http.client
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser_issuer import BrowserIssuer
from tests.support.server import free_port
from tests.support.visits import cookie, visit
from tests.web.conftest import App, heading, log_in_oddly, new_key, running_app
from tests.web.pictures import take

pytestmark = pytest.mark.quiet

GROUPS, ROLES = 200, 50
P50_SECONDS = 0.05
ROUNDS, IN_A_ROUND = 10, 40


def rules() -> list[dict[str, Any]]:
    """Fifty: Kubernetes' own roles in namespaces, and some of ours for what teams have of their own."""
    found: list[dict[str, Any]] = []
    for number in range(ROLES):
        rule: dict[str, Any] = {"name": f"team-{number:02}"}
        rule["groups"] = [f"team-{number:02}", f"team-{number:02}-on-call"]
        if number < 6:
            rule["clusterRole"] = ("admin", "edit", "view")[number % 3]
            rule["scope"] = {"namespaces": [("default", "kube-public", "kube-system")[number // 2]]}
        else:
            some = [f"thing{number}s", f"thing{number}s/status", f"part{number % 7}s"]
            reads = {"verbs": ["get", "list", "watch"], "resources": some}
            changes = {"verbs": ["create", "update", "delete"], "resources": some[2:]}
            group = {"apiGroups": [f"team{number % 12}.example.com"]}
            rule["rules"] = [reads | group, changes | group]
            if number % 2:
                rule["scope"] = {"namespaces": ["default", "kube-public"]}
        found.append(rule)
    return found


@pytest.fixture(scope="module")
def full_app(odd_app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("full")
    config = odd_app.config | {"audit": {"sink": str(folder / "audit.log")}}
    config["policy"] = {"dynamicRoles": True, "rules": rules()}
    config.pop("web")
    with running_app(config, folder, [new_key(folder)], free_port()) as found:
        yield found


def seconds(app: App, header: str, many: int) -> list[float]:
    """How long each of many requests for the page took, over one connection."""
    where = urlsplit(app.server.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    took = []
    for _ in range(many):
        begin = time.perf_counter()
        connection.request("GET", "/web", headers={"Cookie": header})
        answer = connection.getresponse()
        body = answer.read()
        took.append(time.perf_counter() - begin)
        assert (answer.status, b"My access" in body) == (200, True)
    connection.close()
    return took


def test_the_page_of_two_hundred_groups_and_fifty_roles_is_readable_and_quick(
    page: Page, full_app: App, issuer: BrowserIssuer, tmp_path: Path
) -> None:
    held = [group for rule in rules() for group in rule["groups"]]
    idle = [f"club-{number:03}" for number in range(GROUPS - len(held))]
    issuer.well("everywhere", groups=[*held, *idle])
    page.set_default_timeout(60_000)
    log_in_oddly(page, full_app)
    assert heading(page) == "My access"
    expect(
        page.get_by_role("table", name="Rules that are for you").get_by_role("row")
    ).to_have_count(ROLES + 1)
    picture = page.get_by_role("region", name="Picture of the access")
    assert picture.locator(".idle .name").all_text_contents() == ["100 groups"]
    box = picture.bounding_box()
    assert box
    assert box["height"] < 800, "a long picture has a place of its own to be moved in"
    take(page, "full", tmp_path)

    account = visit(issuer.url, "sub-everywhere", "everywhere-example-com")
    header = cookie(full_app.keys, account)
    best = 1.0
    for _ in range(ROUNDS):
        # Others may want the machine meanwhile: what counts is a round that it had to itself.
        best = min(best, statistics.median(seconds(full_app, header, IN_A_ROUND)))
        if best < P50_SECONDS / 2:
            break
    print(f"the page of {GROUPS} groups and {ROLES} roles: p50 {best * 1000:.1f} ms")  # noqa: T201
    assert best < P50_SECONDS
