"""We stop, hang, restart, rotate: other users notice nothing; ours are refused clearly, never let in."""

import itertools
import json
import shutil
import signal
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.conformance.many_issuers import ManyIssuers
from tests.support.cluster import install, kubectl
from tests.support.server import Server, free_port, running_server
from tests.support.waiting import eventually
from tests.webhooks.api_server import ApiServer, Exports, beside, export
from tests.webhooks.caller import Caller, access_review, token_review
from tests.webhooks.conftest import ISSUER, settings

pytestmark = pytest.mark.quiet

POLICY: dict[str, object] = {
    "rules": [{"name": "outages", "groups": ["outages"], "clusterRole": "view"}]
}
PODS = "/api/v1/namespaces/default/pods"
QUICK = 5.0
"""Seconds in which another user's request must be answered, on a busy machine; hanging costs 3."""


@dataclass(frozen=True)
class Stage:
    """An API server that asks the product, which each test starts for itself."""

    sandbox: Sandbox
    issuers: ManyIssuers
    server: ApiServer
    folder: Path
    config: dict[str, object]

    def token(self, who: str) -> str:
        claims: dict[str, object] = {
            "sub": who,
            "email": f"{who}@example.com",
            "groups": ["outages"],
            "jti": who,
        }
        return self.issuers.token(ISSUER, claims)

    def others_token(self) -> str:
        """A ServiceAccount's, whom RBAC lets nothing but look at itself."""
        return kubectl(self.sandbox, "create", "token", "default", "-n", "default").strip()

    @contextmanager
    def product(self, **changes: object) -> Iterator[Server]:
        with running_server(self.config | changes, self.folder) as server:
            yield server

    def others_notice_nothing(self, token: str) -> None:
        began = time.monotonic()
        assert self.server.user(token)
        assert self.server.ask(token, "GET", PODS)[0] == 403
        assert time.monotonic() - began < QUICK

    def caller(self) -> Caller:
        webhooks = self.config["webhooks"]
        assert isinstance(webhooks, dict)
        return Caller(f"https://{webhooks['address']}", self.folder)


@pytest.fixture(scope="module")
def stage(
    sandbox: Sandbox, issuers: ManyIssuers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    install(sandbox)
    folder, port = tmp_path_factory.mktemp("outages"), free_port()
    exports = Exports.made(folder, f"https://127.0.0.1:{port}")
    config = settings(sandbox, issuers, folder, port, POLICY)
    flags = (*exports.webhook_authentication(), exports.webhook_authorization())
    with sandbox.api_server_beside("outages-apiserver", *flags) as url:
        yield Stage(sandbox, issuers, beside(sandbox, url), folder, config)


def refused_for_lack_of_an_answer(answer: tuple[int, str]) -> None:
    """As kube-apiserver does it: 401 where it can't authenticate, 500 where it can't authorize."""
    status, body = answer
    assert status == 401 or (status == 500 and "/authorize" in body), answer


def test_stopped_and_restarted(stage: Stage) -> None:
    other, jane = stage.others_token(), stage.token("jane-stopped")
    with stage.product():
        assert stage.server.ask(jane, "GET", PODS)[0] == 200
    # Her token is still known to the API server for some seconds; what she may isn't.
    refused_for_lack_of_an_answer(stage.server.ask(jane, "GET", f"{PODS}/x"))
    assert stage.server.ask(stage.token("john-stopped"), "GET", PODS)[0] == 401
    stage.others_notice_nothing(other)
    with stage.product():
        assert stage.server.ask(stage.token("john-stopped"), "GET", PODS)[0] == 200


def test_hanging(stage: Stage) -> None:
    other, jane, john = stage.others_token(), stage.token("jane-hung"), stage.token("john-hung")
    with stage.product() as product, ThreadPoolExecutor(1) as pool:
        assert stage.server.ask(jane, "GET", PODS)[0] == 200
        product.process.send_signal(signal.SIGSTOP)
        try:
            waiting = pool.submit(stage.server.ask, john, "GET", PODS)
            refused_for_lack_of_an_answer(stage.server.ask(jane, "GET", f"{PODS}/x"))
            stage.others_notice_nothing(other)
            assert not waiting.done(), "an API server waits 30 s for a TokenReview"
        finally:
            product.process.send_signal(signal.SIGCONT)
        assert waiting.result()[0] == 200
        assert stage.server.ask(jane, "GET", PODS)[0] == 200


def test_certificates_of_both_sides_are_renewed_under_way(stage: Stage) -> None:
    jane = stage.token("jane-rotated")
    before = (stage.folder / "server.crt").read_bytes()
    with stage.product() as product:
        assert stage.server.ask(jane, "GET", PODS)[0] == 200
        export("webhook-config", str(stage.folder), "--server", stage.caller().url)
        assert (stage.folder / "server.crt").read_bytes() != before
        assert eventually(lambda: "read anew" in product.said(), 20.0), product.said()
        # Each somebody whom the API server doesn't know yet, so each is asked of us. At first some
        # may be refused: client-go ends its connections when its own certificate has changed.
        tokens = (stage.token(f"rotated-{number}") for number in itertools.count())

        def none_is_refused() -> bool:
            return all(stage.server.ask(next(tokens), "GET", PODS)[0] == 200 for _ in range(5))

        assert eventually(none_is_refused)


def test_an_authority_that_is_replaced_lets_the_old_one_in_no_more(
    stage: Stage, tmp_path: Path
) -> None:
    export("webhook-config", str(tmp_path), "--server", stage.caller().url)
    kept = tmp_path / "kept.crt"
    shutil.copy(stage.folder / "ca.crt", kept)
    with stage.product() as product:
        assert stage.caller().review("x") == {"authenticated": False}
        shutil.copy(tmp_path / "ca.crt", stage.folder / "ca.crt")
        try:
            assert eventually(lambda: "read anew" in product.said(), 20.0), product.said()
            # The old certificate is served for half a second more, to finish what is under way.
            tokens = (stage.token(f"replaced-{number}") for number in itertools.count())
            assert eventually(lambda: stage.server.ask(next(tokens), "GET", PODS)[0] == 401)
        finally:
            shutil.copy(kept, stage.folder / "ca.crt")


def test_without_an_audit_record_nobody_is_let_in(stage: Stage) -> None:
    with stage.product(audit={"sink": "/dev/full"}):
        began = time.monotonic()
        assert stage.server.ask(stage.token("unrecorded"), "GET", PODS)[0] == 401
        assert time.monotonic() - began < QUICK


def test_a_suspended_person_is_refused_within_the_api_servers_cache(stage: Stage) -> None:
    token = stage.token("suspended")
    with stage.product() as product:
        body = json.dumps({"token": token}).encode()
        answer = _post(f"{product.url}/rbac/", body)
        name = answer["ServiceAccount"]
        assert stage.server.ask(token, "GET", PODS)[0] == 200
        patch = json.dumps({"spec": {"suspended": True}})
        kubectl(stage.sandbox, "patch", "ag", str(name), "--type=merge", "-p", patch)
        began = time.monotonic()
        # A question that is new to the API server is refused at once, the known one in 10 s.
        assert eventually(lambda: stage.server.ask(token, "GET", f"{PODS}/x")[0] != 404, 10.0)
        status, said = stage.server.ask(token, "GET", f"{PODS}/y")
        assert status in (401, 403)
        assert status == 401 or "suspended" in said
        assert eventually(lambda: stage.server.ask(token, "GET", PODS)[0] != 200, 30.0)
        assert time.monotonic() - began < 20.0


def _post(url: str, body: bytes) -> dict[str, object]:
    with urllib.request.urlopen(urllib.request.Request(url, body, method="POST")) as reply:
        found: dict[str, object] = json.load(reply)
        return found


def test_nobody_is_let_in_by_what_was_known_long_ago(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("blind")
    with stage.sandbox.api_server_beside("blind-apiserver") as url:
        kubeconfig = folder / "kubeconfig"
        text = stage.sandbox.kubeconfig.read_text().replace(stage.sandbox.api_server, url)
        kubeconfig.write_text(text)
        token, caller = stage.token("blind"), stage.caller()
        with stage.product(kubernetes={"kubeconfig": str(kubeconfig)}):
            jane = caller.review(token)["user"]
            review = access_review(
                {"user": jane["username"], "groups": jane["groups"], "extra": jane["extra"]}
                | {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "a"}}
            )
            assert caller.post("/authorize", review)[0] == 200
            stage.sandbox.stop("blind-apiserver")
            began = time.monotonic()
            assert eventually(lambda: caller.post("/authorize", review)[0] == 503, 30.0)
            assert 5.0 < time.monotonic() - began < 20.0
            body = token_review({"token": token})
            assert caller.post("/authenticate", body)[1]["code"] == "cluster_unavailable"
            stage.sandbox.start("blind-apiserver")
            assert eventually(lambda: caller.post("/authorize", review)[0] == 200, 30.0)
