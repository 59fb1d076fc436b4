"""What a cookie is good for, and when it isn't any more."""

import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Request, Route, expect
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response

from jwt_to_rbac.sandbox import Sandbox
from jwt_to_rbac.session_keys import SessionKeyFiles
from jwt_to_rbac.web.cookies import Cookies, Visiting
from jwt_to_rbac.web.seal import Seal
from tests.support.browser_issuer import BrowserIssuer
from tests.support.cluster import kubectl
from tests.support.server import free_port
from tests.support.waiting import eventually
from tests.web.conftest import App, heading, log_in_oddly, new_key, running_app

NAME = "jwt-to-rbac"

_numbers = count()


@pytest.fixture
def person(page: Page, odd_app: App, issuer: BrowserIssuer) -> str:
    """Somebody of the test's own, who is logged in on the page of their sessions."""
    name = f"visitor-{next(_numbers)}"
    issuer.well(name, groups=["developers"])
    log_in_oddly(page, odd_app, "/web/sessions")
    assert heading(page) == "My sessions"
    return f"{name}-example-com"


def cookies_of(app: App) -> Cookies:
    """The server's own, by its own key."""
    warned: list[str] = []
    return Cookies(Seal(SessionKeyFiles(tuple(app.keys)), warned.append), time.time, secure=False)


def visiting(context: BrowserContext, app: App) -> Visiting:
    """What is sealed in the browser's cookie."""
    (cookie,) = context.cookies(app.url)
    headers = [(b"cookie", f"{NAME}={cookie['value']}".encode())]
    found = cookies_of(app).visiting(StarletteRequest({"type": "http", "headers": headers}))
    assert found
    return found


def put(context: BrowserContext, app: App, value: str) -> None:
    context.add_cookies([{"name": NAME, "value": value, "url": app.url}])


def sealed(app: App, value: Visiting) -> str:
    response = Response()
    cookies_of(app).begin_visit(response, value)
    return response.headers["set-cookie"].partition("=")[2].partition(";")[0]


def test_the_cookie_holds_who_it_is_and_no_group(
    context: BrowserContext, odd_app: App, person: str
) -> None:
    found = visiting(context, odd_app)
    assert (found.account, found.subject) == (person, f"sub-{person.removesuffix('-example-com')}")
    assert "developers" not in repr(found)


def test_an_ended_session_leads_to_the_login_and_back_to_where_one_was(
    page: Page, context: BrowserContext, odd_app: App, person: str
) -> None:
    ended = {"ends": int(time.time()) - 1}
    found = visiting(context, odd_app)
    fields = {name: getattr(found, name) for name in Visiting.__struct_fields__}
    put(context, odd_app, sealed(odd_app, Visiting(**fields | ended)))
    page.reload()
    assert heading(page) == "Log in"
    expect(page.get_by_role("status")).to_contain_text("Your session here has ended")
    page.get_by_role("link", name="Log in with Odd").click()
    assert heading(page) == "My sessions"


def test_a_token_needs_a_login_of_lately_and_says_so(
    page: Page, context: BrowserContext, odd_app: App, person: str
) -> None:
    found = visiting(context, odd_app)
    fields = {name: getattr(found, name) for name in Visiting.__struct_fields__}
    page.goto(f"{odd_app.url}/web/get-going")
    put(context, odd_app, sealed(odd_app, Visiting(**fields | {"token_ends": 1})))
    page.get_by_role("button", name="Show it once").click()
    assert heading(page) == "Log in again for this"
    page.goto(f"{odd_app.url}/web/get-going")
    expect(page.get_by_role("link", name="Log in again for a token")).to_be_visible()
    expect(page.get_by_role("button", name="Show it once")).to_have_count(0)


@pytest.mark.parametrize("at", [0, 20, 100, -1], ids=["nonce", "sealed", "later", "last"])
def test_a_tampered_cookie_is_nobodys(
    page: Page, context: BrowserContext, odd_app: App, person: str, at: int
) -> None:
    (cookie,) = context.cookies(odd_app.url)
    value = list(cookie["value"])
    value[at] = "A" if value[at] != "A" else "B"
    put(context, odd_app, "".join(value))
    page.reload()
    # The last character of base64 may hold bits that say nothing.
    assert heading(page) in (("Log in", "My sessions") if at == -1 else ("Log in",))


@pytest.mark.parametrize("value", ["", "x", "é", "A" * 5000, "AAAA" * 20], ids=str.__len__)
def test_a_cookie_of_rubbish_is_nobodys(odd_app: App, context: BrowserContext, value: str) -> None:
    headers = {"Cookie": f"{NAME}={value}".encode().decode("latin-1")}
    answer = context.request.get(f"{odd_app.url}/web", headers=headers, max_redirects=0)
    assert (answer.status, answer.headers["location"][:10]) == (303, "/web/login")


def test_a_cookie_of_a_login_under_way_passes_for_no_session(
    page: Page, context: BrowserContext, app: App
) -> None:
    page.goto(f"{app.url}/web")
    (under_way,) = context.cookies(app.url)
    assert under_way["name"] != NAME
    put(context, app, under_way["value"])
    answer = context.request.get(f"{app.url}/web/sessions", max_redirects=0)
    assert answer.status == 303


@pytest.mark.parametrize(
    ("key", "origin"),
    [
        pytest.param("", None, id="no-token"),
        pytest.param("x" * 24, None, id="other-token"),
        pytest.param("right", "https://evil.example.com", id="other-origin"),
        pytest.param("right", "null", id="hidden-origin"),
    ],
)
def test_a_form_from_elsewhere_does_nothing(
    context: BrowserContext, odd_app: App, person: str, key: str, origin: str | None
) -> None:
    right = visiting(context, odd_app).form_key
    body = urlencode({"form_key": right if key == "right" else key, "all": "yes"})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    headers |= {"Origin": origin} if origin else {}
    answer = context.request.post(
        f"{odd_app.url}/web/sessions/end", headers=headers, data=body, max_redirects=0
    )
    assert answer.status == 403
    assert "form_refused" in answer.text()
    assert "x-request-id" in answer.headers
    body = urlencode({"form_key": right, "all": "yes"})
    headers["Origin"] = odd_app.url
    answer = context.request.post(
        f"{odd_app.url}/web/sessions/end", headers=headers, data=body, max_redirects=0
    )
    assert answer.status == 303, "the same from our own page is taken"


def test_one_persons_form_token_is_no_use_to_another(
    context: BrowserContext, odd_app: App, issuer: BrowserIssuer, person: str
) -> None:
    issuer.well("somebody-else", groups=["developers"])
    assert context.browser
    with context.browser.new_context() as other:
        tab = other.new_page()
        log_in_oddly(tab, odd_app)
        theirs = visiting(other, odd_app).form_key
    assert theirs != visiting(context, odd_app).form_key


def test_a_revoked_persons_session_gives_nothing(
    page: Page, sandbox: Sandbox, odd_app: App, person: str
) -> None:
    kubectl(sandbox, "delete", "accessgrant", person)

    def ended() -> bool:
        page.goto(f"{odd_app.url}/web/sessions")
        return heading(page) != "My sessions"

    assert eventually(ended)
    assert heading(page) in ("Your session has ended", "Log in")
    assert NAME not in [cookie["name"] for cookie in page.context.cookies(odd_app.url)]


def test_a_suspended_persons_session_gives_nothing_until_they_are_back(
    page: Page, sandbox: Sandbox, odd_app: App, person: str
) -> None:
    def suspended(value: str) -> None:
        patch = f'{{"spec": {{"suspended": {value}}}}}'
        kubectl(sandbox, "patch", "accessgrant", person, "--type=merge", "-p", patch)

    def shown() -> str:
        page.goto(f"{odd_app.url}/web/get-going")
        return heading(page)

    suspended("true")
    assert eventually(lambda: shown() == "Your access is suspended")
    expect(page.get_by_role("main")).to_contain_text("Ask an administrator")
    suspended("false")
    assert eventually(lambda: shown() == "Get going")


def test_new_session_keys_log_nobody_out(
    page: Page, context: BrowserContext, odd_app: App, person: str, tmp_path: Path
) -> None:
    key = odd_app.keys[0]
    before = key.read_bytes()
    two = tmp_path / "two"
    two.mkdir()
    port = free_port()
    keys = [new_key(two, "first"), new_key(two, "second")]
    keys[0].write_bytes(before)
    config = odd_app.config | {"audit": {"sink": str(two / "audit.log")}}
    config["web"] = config["web"] | {"sessionKeyFiles": [str(file) for file in keys]}
    with running_app(config, two, keys, port) as rotating:
        _show_by(page, odd_app, [rotating.server.url])
        page.reload()
        assert heading(page) == "My sessions"
        new = os.urandom(48)
        keys[1].write_bytes(new)  # Everywhere known …
        page.reload()
        assert heading(page) == "My sessions"
        keys[0].write_bytes(new)  # … then used first, and the old one last …
        keys[1].write_bytes(before)
        page.reload()
        assert heading(page) == "My sessions"
        keys[1].write_bytes(os.urandom(48))  # … and gone: now the old cookie is nobody's.
        page.reload()
        assert heading(page) == "Log in"


def test_keys_that_cant_be_used_leave_the_old_ones_in_force(tmp_path: Path) -> None:
    file = new_key(tmp_path)
    warned: list[str] = []
    seal = Seal(SessionKeyFiles((file,)), warned.append)
    text = seal.seal(b"value", "purpose")
    file.write_text("short")
    assert seal.open(text, "purpose") == b"value"
    assert seal.open(text, "other purpose") is None
    assert [one for one in warned if "has 5 bytes" in one] == warned
    assert len(warned) == 1
    file.unlink()
    assert seal.open(text, "purpose") == b"value"


@pytest.fixture
def replica(odd_app: App, tmp_path: Path) -> Iterator[App]:
    """A second server with the same configuration and the same public address."""
    config = odd_app.config | {"audit": {"sink": str(tmp_path / "audit.log")}}
    with running_app(config, tmp_path, odd_app.keys, free_port()) as found:
        yield found


def test_two_replicas_serve_one_login_and_one_session(
    page: Page, odd_app: App, replica: App, issuer: BrowserIssuer
) -> None:
    issuer.well("replicated", groups=["developers"])
    asked = _show_by(page, odd_app, [odd_app.server.url, replica.server.url])
    log_in_oddly(page, odd_app, "/web/get-going")
    for _ in range(3):
        page.goto(f"{odd_app.url}/web/get-going")
        assert heading(page) == "Get going"
    page.get_by_role("button", name="Show it once").click()
    assert heading(page) == "Your kubeconfig, shown this once"
    page.goto(f"{odd_app.url}/web/sessions")
    page.get_by_role("button", name="End all").click()
    expect(page.get_by_role("status")).to_have_text("All your sessions have ended.")
    assert min(asked.count(each) for each in set(asked)) > 3, "both were asked"


def _show_by(page: Page, app: App, servers: list[str]) -> list[str]:
    """Have the app's address served by these in turn, as a load balancer does; gives who was asked."""
    asked: list[str] = []
    turns = count()

    def forward(route: Route, request: Request) -> None:
        server = servers[next(turns) % len(servers)]
        asked.append(server)
        to = request.url.replace(app.url, server.replace("127.0.0.1", "localhost"), 1)
        try:
            route.fulfill(response=route.fetch(url=to, max_redirects=0))
        except Error as gone:
            # A page that was left has no use for its pictures any more; any other loss shows.
            if "disposed" not in gone.message or request.is_navigation_request():
                raise

    page.route(f"{app.url}/**", forward)
    return asked
