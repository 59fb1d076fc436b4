"""No secret leaves by a side door: tokens are searched for in all that the server tells.

One server at the most talkative level goes through good and bad calls and an issuer's outage.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Answer, Client
from tests.support.cluster import install
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server

ACCOUNT = "canary-example-com"


@pytest.fixture
def talkative(sandbox: Sandbox, issuer: ManyPeople, tmp_path: Path) -> Iterator[Client]:
    install(sandbox)
    audit = tmp_path / "audit.log"
    issuers = {sandbox.issuer: sandbox.client_id, issuer.url: AUDIENCE}
    config = pod_configuration(audit, issuers) | {"log": {"level": "debug"}}
    with installed_server(sandbox, config, tmp_path) as server:
        yield Client(server, audit)


def pieces(token: str) -> list[str]:
    """What of a token must not be seen: its payload, its signature, or any long part of them."""
    _, payload, signature = token.split(".")
    return [text[i : i + 24] for text in (payload, signature) for i in range(0, len(text) - 24, 24)]


def test_no_token_or_secret_is_told_by_logs_records_metrics_or_errors(
    sandbox: Sandbox, issuer: ManyPeople, talkative: Client
) -> None:
    good = issuer.token("canary")
    forged = good[:-40] + issuer.token("other")[-40:]
    stale = issuer.token("canary", exp=issuer.now() - 3600)
    foreign = issuer.token("canary", iss="https://evil.example")
    powerless = issuer.token("powerless", groups=[])
    jane = sandbox.id_token("jane")
    tokens = [good, forged, stale, foreign, powerless, jane]
    told: list[Answer] = []

    assert talkative.log_in(good).status == 201
    issued = talkative.call("GET", f"/tokens/{ACCOUNT}", bearer=good)
    assert issued.status == 200
    tokens.append(base64.b64decode(issued.json()[0]["data"]["token"]).decode())
    for bad in (forged, stale, foreign, powerless, tokens[-1], good + good, good[:-1]):
        told.append(talkative.log_in(bad))
        told += [talkative.call("GET", f"/tokens/{ACCOUNT}", bearer=bad)]
    for body in (
        good.encode(),
        json.dumps({"token": [good]}).encode(),
        json.dumps({"toke": good}).encode(),
        f'{{"token": "{good}'.encode(),
        json.dumps({"token": good, "duration": good}).encode(),
    ):
        told.append(talkative.call("POST", "/rbac", body))
    told.append(talkative.call("POST", f"/tokens/{ACCOUNT}", {"duration": good}, bearer=good))
    told.append(talkative.call("POST", f"/tokens/{ACCOUNT}?token={good}", bearer=tokens[-1]))
    told.append(talkative.call("GET", f"/{good}"))
    told.append(talkative.call("BREW", "/rbac", bearer=good))
    # Dex goes away before its keys were ever asked for: an outage with a good token at hand.
    sandbox.stop("dex")
    try:
        told.append(talkative.log_in(jane))
        assert told[-1].json()["code"] == "issuer_unavailable"
    finally:
        sandbox.start("dex")
    told += [talkative.call("GET", path) for path in ("/metrics", "/readyz", "/healthz")]
    assert talkative.call("DELETE", f"/rbac/{ACCOUNT}", bearer=good).status == 202

    log = talkative.server.said()
    everything = {
        "log": log,
        "audit": talkative.audit.read_text(),
        "answers": "\n".join(f"{one.headers} {one.text}" for one in told),
    }
    secrets = {piece for token in tokens for piece in pieces(token)} | {sandbox.client_secret}
    for where, text in everything.items():
        assert len(text) > 1000, f"nothing was searched in: {where}"
        leaked = [one for one in secrets if one in text]
        assert not leaked, f"{where} tells {leaked[0]}…"
    assert len(secrets) > 100
    assert "unknown_keys" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"Serving", "A request was answered", "A request failed"} <= {
        line["event"] for line in lines
    }
    assert "Traceback" not in log
    assert all("@example.com" not in one.text for one in told if "jwt_to_rbac_" in one.text)
