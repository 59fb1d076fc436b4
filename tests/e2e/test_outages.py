"""What is away for a while: a clear answer within the time-out, and all is well when it is back."""

import time

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.dex import later_id_token
from tests.support.issuer import ManyPeople
from tests.support.waiting import eventually


def test_the_api_server_is_away_and_comes_back(
    sandbox: Sandbox, client: Client, issuer: ManyPeople
) -> None:
    token = issuer.token("patient")
    sandbox.stop("kube-apiserver")
    try:
        began = time.monotonic()
        answer = client.log_in(token)
        took = time.monotonic() - began
        assert (answer.status, answer.json()["code"]) == (503, "cluster_unavailable"), answer.text
        assert int(answer.headers["retry-after"]) >= 1
        assert took < 10, "longer than the time-out"
        assert eventually(lambda: client.call("GET", "/readyz").status == 503)
        assert client.call("GET", "/healthz").status == 200, "no reason to be restarted"
    finally:
        sandbox.start("kube-apiserver")
    assert eventually(lambda: client.call("GET", "/readyz").status == 200, 30)
    assert client.log_in(token).status == 201
    assert client.call("DELETE", "/rbac/patient-example-com", bearer=token).status == 202


def test_the_issuer_is_away_and_known_keys_go_on(sandbox: Sandbox, client: Client) -> None:
    john = later_id_token(sandbox, "john")
    assert client.log_in(john).status == 201
    again = sandbox.id_token("john")
    sandbox.stop("dex")
    try:
        assert client.log_in(again).status == 201
    finally:
        sandbox.start("dex")
    assert client.call("DELETE", "/rbac/johndoe-example-com", bearer=again).status == 202
