"""AccessGrants edited by hand or by GitOps do what they say, at once and at the second that was set."""

import base64
import secrets
import time
from typing import Any

import pytest

from jwt_to_rbac.core.times import rfc3339
from tests.e2e.unattended.keeping import ADMIN, BOTH, DEVELOPER, USERS, Kept
from tests.support.cluster import names, with_token
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet


def test_deleting_the_access_grant_takes_everything_without_the_garbage_collector(
    kept: Kept,
) -> None:
    account = kept.log_in("admins", "developers")
    kept.sandbox.stop("kube-controller-manager")
    try:
        kept.admin_kubectl("delete", "accessgrant", account)
        deleted = time.monotonic()
        assert eventually(lambda: not kept.roles(account) and not kept.has_account(account))
        assert time.monotonic() - deleted < 2
    finally:
        kept.sandbox.start("kube-controller-manager")


def test_an_access_grant_that_waits_for_a_finalizer_gives_nothing_meanwhile(kept: Kept) -> None:
    account = kept.log_in("admins")
    patch = ("--type=merge", "-p")
    grant = ("accessgrant", account)
    kept.admin_kubectl("patch", *grant, *patch, '{"metadata": {"finalizers": ["example.com/x"]}}')
    kept.admin_kubectl("delete", *grant, "--wait=false")
    assert eventually(lambda: not kept.roles(account) and not kept.has_account(account))
    assert account in names(kept.sandbox, "accessgrants")
    kept.admin_kubectl("patch", *grant, *patch, '{"metadata": {"finalizers": null}}')


def test_an_access_grant_that_is_applied_by_hand_gives_what_the_policy_says(kept: Kept) -> None:
    name = f"applied-{secrets.token_hex(5)}"
    subject = {"issuer": kept.issuer.url, "subject": name, "username": name, "groups": ["admins"]}
    body: dict[str, Any] = {
        "apiVersion": "jwt-to-rbac.io/v1alpha1",
        "kind": "AccessGrant",
        "metadata": {"name": name},
        "spec": {
            "subject": subject,
            "serviceAccount": {"namespace": USERS, "name": name},
            "claimsIssuedAt": rfc3339(time.time()),
        },
    }
    kept.create(body)
    kept.admin_kubectl("wait", f"ag/{name}", "--for=condition=Ready", "--timeout=5s")
    assert kept.roles(name) == {ADMIN}
    assert kept.has_account(name)
    kept.change(name, subject=subject | {"groups": ["developers"]})
    assert eventually(lambda: kept.roles(name) == {DEVELOPER}, 2)
    kept.admin_kubectl("delete", "accessgrant", name)
    assert eventually(lambda: not kept.roles(name) and not kept.has_account(name), 2)


def gone_an_hour_ago() -> str:
    return rfc3339(time.time() - 3600)


@pytest.mark.parametrize(
    ("spec", "back", "reason"),
    [
        pytest.param({"suspended": True}, {"suspended": False}, "Suspended", id="suspended"),
        pytest.param(
            {"expiresAt": gone_an_hour_ago()}, {"expiresAt": None}, "AccessExpired", id="expired"
        ),
        pytest.param(
            {"notBefore": "2999-01-01T00:00:00Z"},
            {"notBefore": None},
            "TokenRevoked",
            id="revoked",
        ),
    ],
)
def test_what_an_administrator_writes_into_the_spec_is_done_at_once_and_undone_again(
    kept: Kept, spec: dict[str, object], back: dict[str, object], reason: str
) -> None:
    account = kept.log_in("admins", "developers")
    kept.admin_kubectl("wait", f"ag/{account}", "--for=condition=Ready", "--timeout=5s")
    kept.change(account, **spec)
    changed = time.monotonic()
    assert eventually(lambda: not kept.roles(account) and not kept.has_account(account))
    assert time.monotonic() - changed < 2
    kept.admin_kubectl("wait", f"ag/{account}", "--for=condition=Ready=false", "--timeout=5s")
    assert eventually(lambda: kept.ready(account) == reason)
    kept.change(account, **back)
    kept.admin_kubectl("wait", f"ag/{account}", "--for=condition=Ready", "--timeout=5s")
    assert kept.roles(account) == BOTH
    assert kept.has_account(account)


def test_access_ends_at_the_second_that_was_set(kept: Kept) -> None:
    account = kept.log_in("admins")
    end = int(time.time()) + 4
    kept.change(account, expiresAt=rfc3339(end))
    assert kept.roles(account) == {ADMIN}
    assert eventually(lambda: not kept.roles(account))
    assert -0.1 < time.time() - end < 1, "not on time"
    assert eventually(lambda: kept.ready(account) == "AccessExpired")


def test_a_token_of_somebody_suspended_dies_within_ten_seconds(kept: Kept) -> None:
    person = f"u{secrets.token_hex(5)}"
    id_token = kept.issuer.token(person, groups=["admins"])
    account = kept.client.log_in(id_token).json()["ServiceAccount"]
    issued = kept.client.call("GET", f"/tokens/{account}", bearer=id_token).json()[0]
    token = base64.b64decode(issued["data"]["token"]).decode()
    asked = ("auth", "whoami")
    assert with_token(kept.sandbox, token, *asked).returncode == 0
    kept.change(account, suspended=True)
    began = time.monotonic()
    assert eventually(lambda: with_token(kept.sandbox, token, *asked).returncode != 0, 20)
    assert time.monotonic() - began < 12
