"""What reaches the webhooks and shouldn't: callers without certificate, bad tokens, odd bodies."""

import json
import ssl
import time
from pathlib import Path

import pytest

from tests.conformance.many_issuers import AUDIENCE
from tests.support.cluster import kubectl, names
from tests.support.waiting import eventually
from tests.webhooks.caller import Caller, access_review, token_review
from tests.webhooks.conftest import ISSUER, Hooked

KEYS = ("issuer", "subject", "email", "issued-at")


@pytest.fixture(scope="module")
def caller(hooked: Hooked) -> Caller:
    return Caller(hooked.webhooks, hooked.exports.folder)


def test_a_caller_without_the_certificate_gets_no_answer(hooked: Hooked) -> None:
    stranger = Caller(hooked.webhooks, hooked.exports.folder, certificate=False)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        stranger.review(hooked.token("hooks-jane"))


def test_a_good_token_is_its_person(hooked: Hooked, caller: Caller) -> None:
    token = hooked.token("hooks-jane", jti="j")
    found = caller.review(token)
    user = found["user"]
    assert found["authenticated"]
    assert (user["username"], user["groups"]) == (
        "hooks-jane@example.com",
        ["hooks-admins", "hooks-developers"],
    )
    assert user["extra"]["authentication.kubernetes.io/credential-id"] == ["JTI=j"]
    ours = {key: user["extra"][f"jwt-to-rbac.io/{key}"][0] for key in KEYS}
    assert ours.pop("issued-at").isdecimal()
    assert ours == {
        "issuer": hooked.issuers.url(ISSUER),
        "subject": "sub-hooks-jane",
        "email": "hooks-jane@example.com",
    }


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        pytest.param((), [], id="none-asked"),
        pytest.param(("https://kubernetes.default.svc",), [], id="the-api-servers-own"),
        pytest.param((AUDIENCE, "vault"), [AUDIENCE], id="the-tokens"),
    ],
)
def test_only_audiences_that_the_token_names_are_told(
    hooked: Hooked, caller: Caller, asked: tuple[str, ...], told: list[str]
) -> None:
    assert caller.review(hooked.token("hooks-jane"), *asked)["audiences"] == told


def test_a_bad_token_of_our_issuers_is_refused_with_a_reason(
    hooked: Hooked, caller: Caller
) -> None:
    head, claims, signature = hooked.token("hooks-jane").split(".")
    flipped = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    bad = {
        "token_signature": f"{head}.{claims}.{flipped}",
        "token_expired": hooked.token("hooks-jane", exp=int(time.time()) - 60),
        "token_audience": hooked.token("hooks-jane", aud="another"),
        "token_claim": hooked.token("hooks-jane", groups=["system:masters"]),
    }
    for code, token in bad.items():
        found = caller.review(token)
        assert not found["authenticated"], code
        assert code in found["error"]
        assert "user" not in found


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_of_ours_is_nobody(caller: Caller, token: str) -> None:
    assert caller.review(token) == {"authenticated": False}


def test_a_kubernetes_token_is_nobody_here(hooked: Hooked, caller: Caller) -> None:
    token = kubectl(hooked.sandbox, "create", "token", "default", "-n", "default").strip()
    assert caller.review(token) == {"authenticated": False}


REVIEW = {"verb": "list", "resource": "pods", "namespace": "hooks-example"}

ODD: dict[str, tuple[str, object]] = {
    "no-json": ("/authenticate", b"{"),
    "no-utf-8": ("/authenticate", b'{"kind": "\xff"}'),
    "empty": ("/authorize", b""),
    "a-list": ("/authorize", []),
    "null": ("/authorize", None),
    "the-other-kind": ("/authorize", token_review({"token": "x"})),
    "v1beta1": (
        "/authenticate",
        token_review({}) | {"apiVersion": "authentication.k8s.io/v1beta1"},
    ),
    "token-a-number": ("/authenticate", token_review({"token": 7})),
    "spec-missing": ("/authenticate", token_review(None)),
    "audiences-a-text": ("/authenticate", token_review({"token": "x", "audiences": "y"})),
    "neither-attributes": ("/authorize", access_review({"user": "x"})),
    "both-attributes": (
        "/authorize",
        access_review({"resourceAttributes": REVIEW, "nonResourceAttributes": {"path": "/"}}),
    ),
    "extra-of-numbers": (
        "/authorize",
        access_review({"extra": {"a": [1]}, "resourceAttributes": REVIEW}),
    ),
    "deep": ("/authorize", b'{"spec":' * 5000 + b"1" + b"}" * 5000),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_bodies_are_refused_and_never_an_error_of_ours(
    hooked: Hooked, caller: Caller, name: str
) -> None:
    path, body = ODD[name]
    status, problem = caller.post(path, body)
    assert (status, problem["code"]) == (400, "body_malformed")
    assert caller.review(hooked.token("hooks-jane"))["authenticated"]


def test_a_body_without_end_is_refused(caller: Caller) -> None:
    body = json.dumps(token_review({"token": "x" * 3_000_000})).encode()
    try:
        status, problem = caller.post("/authenticate", body)
    except (ConnectionError, ssl.SSLError):
        return  # refused while it was still being sent
    assert (status, problem["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        pytest.param("GET", "/authenticate", "method_not_allowed", id="get"),
        pytest.param("POST", "/rbac/", "not_found", id="the-api-is-elsewhere"),
        pytest.param("POST", "/authorize/", "not_found", id="not-exactly"),
    ],
)
def test_nothing_else_is_here(caller: Caller, method: str, path: str, code: str) -> None:
    assert caller.post(path, {}, method)[1]["code"] == code


def test_users_of_others_and_half_marked_ones_get_no_opinion(
    hooked: Hooked, caller: Caller
) -> None:
    jane = caller.review(hooked.token("hooks-jane"))["user"]
    assert caller.may(jane, **REVIEW)["allowed"]
    for spoiled in (
        {},
        {"jwt-to-rbac.io/issuer": ["i"]},
        jane["extra"] | {"jwt-to-rbac.io/subject": []},
        jane["extra"] | {"jwt-to-rbac.io/subject": ["a", "b"]},
    ):
        found = caller.may(jane | {"extra": spoiled}, **REVIEW)
        assert (found["allowed"], found.get("denied", False)) == (False, False)


def test_selectors_and_fields_of_later_versions_change_nothing(
    hooked: Hooked, caller: Caller
) -> None:
    jane = caller.review(hooked.token("hooks-jane"))["user"]
    spec = {"user": jane["username"], "groups": jane["groups"], "extra": jane["extra"]}
    narrowed = {
        "fieldSelector": {"requirements": [{"key": "a", "operator": "In", "values": ["b"]}]},
        "labelSelector": {"rawSelector": "((("},
        "later": True,
    }
    for verb, allowed in (("list", True), ("impersonate", False)):
        attributes = REVIEW | {"verb": verb}
        body = access_review(spec | {"resourceAttributes": attributes | narrowed})
        status, answer = caller.post("/authorize", body)
        assert (status, answer["status"]["allowed"]) == (200, allowed)


def test_a_decision_is_recorded_once_and_a_different_one_again(
    hooked: Hooked, caller: Caller
) -> None:
    token = hooked.token("hooks-john", jti="recorded-once")
    john = caller.review(token)["user"]
    caller.review(token)
    question = {"verb": "list", "resource": "pods", "namespace": "hooks-b"}
    for _ in range(3):
        assert caller.may(john, **question)["allowed"]
        assert not caller.may(john, **question | {"resource": "secrets"})["allowed"]
    told = [one for one in hooked.client.audited() if one.get("subject") == "sub-hooks-john"]
    asked = [
        (one["event"], one["asked"], one.get("grants"))
        for one in told
        if one.get("namespace") == "hooks-b"
    ]
    grant = "hooks-developers-from-jwt@cluster (rule hooks-developers)"
    assert asked == [("allowed", "list pods", [grant]), ("not_allowed", "list secrets", None)]
    proven = {one["token_sha256"] for one in told if one["event"] == "authenticated"}
    assert len(proven) == len([one for one in told if one["event"] == "authenticated"])


def test_aggregated_rules_and_chosen_namespaces_are_followed(
    hooked: Hooked, caller: Caller, tmp_path: Path
) -> None:
    ann = caller.review(hooked.token("hooks-ann"))["user"]
    widgets = {"verb": "list", "group": "hooks.example.com", "resource": "widgets"}

    def may(namespace: str) -> bool:
        return bool(caller.may(ann, **widgets, namespace=namespace)["allowed"])

    assert not may("hooks-a")
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {
            "name": "hooks-widgets",
            "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"},
        },
        "rules": [
            {"verbs": ["list"], "apiGroups": ["hooks.example.com"], "resources": ["widgets"]}
        ],
    }
    file = tmp_path / "role.json"
    file.write_text(json.dumps(role))
    kubectl(hooked.sandbox, "apply", "-f", str(file))
    try:
        assert eventually(lambda: may("hooks-a"))
        assert not may("hooks-b")
        kubectl(hooked.sandbox, "label", "namespace", "hooks-b", "hooks-team=a", "--overwrite")
        assert eventually(lambda: may("hooks-b"))
    finally:
        kubectl(hooked.sandbox, "label", "namespace", "hooks-b", "hooks-team=b", "--overwrite")
        kubectl(hooked.sandbox, "delete", "-f", str(file))
    assert eventually(lambda: not may("hooks-a") and not may("hooks-b"))


def test_an_older_token_of_somebody_known_has_the_groups_of_the_newest(
    hooked: Hooked, caller: Caller
) -> None:
    now = int(time.time())
    groups = ["hooks-developers", "hooks-watchers"]
    older = hooked.token("hooks-older", groups=groups, iat=now - 60)
    assert caller.review(older)["user"]["groups"] == groups
    newer = hooked.token("hooks-older", groups=["hooks-developers"], iat=now - 1)
    assert hooked.client.log_in(newer).status == 201
    assert eventually(lambda: caller.review(older)["user"]["groups"] == ["hooks-developers"])


def test_a_revocation_refuses_tokens_from_before_although_nothing_is_left_of_the_person(
    hooked: Hooked, caller: Caller
) -> None:
    now = int(time.time())
    old = hooked.token("hooks-revoked", groups=["hooks-developers"], iat=now - 60)
    user = caller.review(old)["user"]
    assert caller.may(user, **REVIEW)["allowed"]
    assert hooked.client.log_in(old).status == 201
    path = "/api/v1/people/hooks-revoked-example-com"
    assert hooked.client.call("DELETE", path, bearer=old).status == 202
    assert "hooks-revoked-example-com" not in names(hooked.sandbox, "accessgrants")
    refused = caller.review(old)
    assert not refused["authenticated"]
    assert "token_revoked" in refused["error"]
    # An API server may know the token a while longer.
    found = caller.may(user, **REVIEW)
    assert (found["allowed"], found["denied"]) == (False, True)
    new = hooked.token("hooks-revoked", groups=["hooks-developers"], iat=int(time.time()) + 2)
    assert caller.may(caller.review(new)["user"], **REVIEW)["allowed"]
