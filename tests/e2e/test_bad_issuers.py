"""An issuer that hangs, dribbles, floods or tells odd keys: its own people are answered in time, others notice nothing."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Answer, Client
from tests.support.cluster import install
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople, many_people, public_key
from tests.support.release import installed_server

pytestmark = pytest.mark.quiet

IN_TIME = 10.0
"""Seconds within which every request is answered."""

UNHINDERED = 3.0
"""Seconds for a login of another issuer's, on a busy machine."""

over = threading.Event()
"""Ends the answers that have no end of their own."""

Keys = Callable[[BaseHTTPRequestHandler, rsa.RSAPrivateKey], None]
"""Answers the request for the key set."""


def hanging(request: BaseHTTPRequestHandler, key: rsa.RSAPrivateKey) -> None:
    over.wait(60)


def dribbling(request: BaseHTTPRequestHandler, key: rsa.RSAPrivateKey) -> None:
    """One byte a second of a good key set."""
    body = json.dumps({"keys": [public_key(key)]}).encode()
    head(request, len(body))
    for at in range(len(body)):
        request.wfile.write(body[at : at + 1])
        if over.wait(1):
            return


def huge(request: BaseHTTPRequestHandler, key: rsa.RSAPrivateKey) -> None:
    keys = [public_key(key) | {"kid": f"key {n}"} for n in range(10_000)]
    send(request, {"keys": [public_key(key), *keys]})


def poisoned(request: BaseHTTPRequestHandler, key: rsa.RSAPrivateKey) -> None:
    """The good key among others that would let anybody sign, or are no keys at all."""
    good = public_key(key)
    weak = {"n": "AQAB", "e": "AQ"}
    odd: list[object] = [None, 7, [], {}, {"kty": "oct", "kid": good["kid"], "k": ""}, good | weak]
    send(request, {"keys": [*odd, good, *odd], "more": "x" * 10_000})


def head(request: BaseHTTPRequestHandler, length: int) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(length))
    request.end_headers()


def send(request: BaseHTTPRequestHandler, document: object) -> None:
    body = json.dumps(document).encode()
    head(request, len(body))
    request.wfile.write(body)


@contextmanager
def bad_issuer(keys: Keys) -> Iterator[ManyPeople]:
    """An issuer whose discovery document is good."""
    key = rsa.generate_private_key(65537, 2048)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                if self.path == "/keys":
                    keys(self, key)
                else:
                    send(self, {"issuer": url, "jwks_uri": f"{url}/keys"})
            except OSError:
                self.close_connection = True  # Nobody waited for the rest.

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Silent: the tests' output is for the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ManyPeople(url, key)
        finally:
            over.set()
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Many:
    """A server that trusts all of them, and one that is as it should be."""

    client: Client
    good: ManyPeople
    bad: dict[Keys, ManyPeople]

    def timed(self, token: str) -> tuple[Answer, float]:
        began = time.monotonic()
        answer = self.client.log_in(token)
        return answer, time.monotonic() - began


@pytest.fixture(scope="module")
def many(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Many]:
    install(sandbox)
    folder = tmp_path_factory.mktemp("issuers")
    with ExitStack() as stack:
        good = stack.enter_context(many_people())
        kinds: tuple[Keys, ...] = (hanging, dribbling, huge, poisoned)
        bad = {keys: stack.enter_context(bad_issuer(keys)) for keys in kinds}
        issuers = {one.url: AUDIENCE for one in (good, *bad.values())}
        config = pod_configuration(folder / "audit.log", issuers)
        server = stack.enter_context(installed_server(sandbox, config, folder))
        yield Many(Client(server, folder / "audit.log"), good, bad)


@pytest.mark.parametrize("keys", [hanging, dribbling, huge], ids=lambda keys: keys.__name__)
def test_who_comes_from_a_bad_issuer_is_told_in_time_and_nobody_else_waits(
    many: Many, keys: Keys
) -> None:
    theirs, ours = (
        [one.token(f"{keys.__name__}-{n}") for n in range(5)] for one in (many.bad[keys], many.good)
    )
    with ThreadPoolExecutor() as threads:
        refused = threads.map(many.timed, theirs)
        for answer, seconds in threads.map(many.timed, ours):
            assert (answer.status, seconds < UNHINDERED) == (201, True), answer.text
        for answer, seconds in refused:
            told = (answer.status, answer.json()["code"], seconds < IN_TIME)
            assert told == (503, "issuer_unavailable", True), answer.text


def test_one_good_key_among_poisoned_ones_lets_its_people_in_and_nobody_else(many: Many) -> None:
    issuer = many.bad[poisoned]
    assert many.client.log_in(issuer.token("among-poison")).status == 201
    claims = issuer.claims("forger")
    for forged in (issuer.unsigned(claims), issuer.sign(claims, "HS256"), many.good.sign(claims)):
        assert many.client.log_in(forged).status == 401
