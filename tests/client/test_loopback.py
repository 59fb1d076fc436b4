"""The listener for the browser's return: whom it turns away, and that it is used once."""

import http.client
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest

from jwt_to_rbac.client.loopback import Loopback


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with Loopback() as listening:
        yield listening


def port(loopback: Loopback) -> int:
    return urlsplit(loopback.uri).port or 0


def call(
    loopback: Loopback,
    target: str,
    host: str | None = None,
    method: str = "GET",
    address: str = "127.0.0.1",
) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, port(loopback), timeout=10)
    connection.putrequest(method, target, skip_host=True)
    connection.putheader("Host", f"localhost:{port(loopback)}" if host is None else host)
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def good(loopback: Loopback) -> str:
    return "/callback?" + urlencode({"code": "the-code", "state": loopback.state})


def come_back(loopback: Loopback, target: str, **more: str) -> tuple[int, str, dict[str, str]]:
    """The whole way: the browser waits for what `answer` says."""
    got: list[tuple[int, str]] = []
    browser = threading.Thread(target=lambda: got.append(call(loopback, target, **more)))
    browser.start()
    redirect = loopback.wait(10)
    assert redirect is not None
    redirect.answer("Done <b>", "You may close this window & go.")
    browser.join(10)
    return *got[0], redirect.parameters


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_the_return_of_the_browser_is_taken_and_answered_with_a_page(
    loopback: Loopback, host: str
) -> None:
    status, page, parameters = come_back(loopback, good(loopback), host=f"{host}:{port(loopback)}")
    assert status == 200
    assert parameters == {"code": "the-code", "state": loopback.state}
    assert "You may close this window &amp; go." in page
    assert "Done &lt;b&gt;" in page


def test_it_works_once(loopback: Loopback) -> None:
    come_back(loopback, good(loopback))
    assert call(loopback, good(loopback))[0] == 410
    assert loopback.wait(0) is None


@pytest.mark.parametrize(
    ("target", "more", "status"),
    [
        pytest.param("/", {}, 404, id="root"),
        pytest.param("/favicon.ico", {}, 404, id="another-path"),
        pytest.param("/callback/?{q}", {}, 404, id="trailing-slash"),
        pytest.param("/x/../callback?{q}", {}, 404, id="dots"),
        pytest.param("/callback?{q}", {"method": "POST"}, 405, id="post"),
        pytest.param("/callback?{q}", {"host": "evil.example"}, 403, id="foreign-host"),
        pytest.param("/callback?{q}", {"host": "localhost:1"}, 403, id="another-port"),
        pytest.param("/callback?{q}", {"host": ""}, 403, id="no-host"),
        pytest.param("/callback?code=x&state=forged", {}, 400, id="forged-state"),
        pytest.param("/callback?code=x", {}, 400, id="no-state"),
        pytest.param("/callback?code=x&state=%ff%fe", {}, 400, id="odd-state"),
    ],
)
def test_whoever_is_not_the_browser_is_turned_away_and_the_login_goes_on(
    loopback: Loopback, target: str, more: dict[str, str], status: int
) -> None:
    query = urlencode({"code": "stolen", "state": loopback.state})
    assert call(loopback, target.replace("{q}", query), **more)[0] == status
    assert loopback.wait(0) is None
    assert come_back(loopback, good(loopback))[2]["code"] == "the-code"


def test_a_connection_that_says_nothing_holds_nobody_up(loopback: Loopback) -> None:
    with socket.create_connection(("127.0.0.1", port(loopback))):
        assert come_back(loopback, good(loopback))[0] == 200


def test_nobody_else_can_listen_where_the_browser_may_go(loopback: Loopback) -> None:
    with socket.socket(socket.AF_INET6) as other, pytest.raises(OSError, match="in use"):
        other.bind(("::1", port(loopback)))


def test_only_this_machine_reaches_it(loopback: Loopback) -> None:
    with socket.socket(socket.AF_INET) as other:
        # All other addresses are free, so it doesn't listen on all.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        other.bind(("127.0.0.2", port(loopback)))


def test_the_page_keeps_the_code_to_itself(loopback: Loopback) -> None:
    got: list[dict[str, str]] = []

    def browse() -> None:
        connection = http.client.HTTPConnection("localhost", port(loopback), timeout=10)
        connection.request("GET", good(loopback))
        got.append({k.lower(): v for k, v in connection.getresponse().getheaders()})
        connection.close()

    browser = threading.Thread(target=browse)
    browser.start()
    redirect = loopback.wait(10)
    assert redirect
    redirect.answer("a", "b")
    browser.join(10)
    assert got[0]["referrer-policy"] == "no-referrer"
    assert got[0]["cache-control"] == "no-store"
    assert "default-src 'none'" in got[0]["content-security-policy"]
