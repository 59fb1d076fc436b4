"""The AccessGrant as an interface: what its kind refuses, and how kubectl explains it."""

from collections.abc import Iterator
from typing import Any

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import get, install, kubectl, run_kubectl

NAME = "interface-example-com"
IT = ("accessgrant", NAME)


def access_grant() -> dict[str, Any]:
    """As somebody writes one by hand. Nobody leads while these tests run."""
    return {
        "apiVersion": "jwt-to-rbac.io/v1alpha1",
        "kind": "AccessGrant",
        "metadata": {"name": NAME},
        "spec": {
            "subject": {
                "issuer": "https://issuer.example.com",
                "subject": "interface",
                "username": "interface@example.com",
                "groups": ["admins"],
            },
            "serviceAccount": {"namespace": "jwt-to-rbac-users", "name": NAME},
            "claimsIssuedAt": "2026-01-01T12:00:00Z",
        },
    }


@pytest.fixture
def applied(sandbox: Sandbox) -> Iterator[None]:
    install(sandbox)
    assert apply(sandbox, access_grant()) == ""
    yield
    kubectl(sandbox, "delete", *IT)


def apply(sandbox: Sandbox, body: object) -> str:
    """kubectl's complaint."""
    given = ["--kubeconfig", str(sandbox.kubeconfig), "apply", "-f", "-"]
    return run_kubectl(sandbox, given, check=False, body=body).stderr


def changed(path: str, value: object) -> dict[str, Any]:
    """The AccessGrant with one thing changed: `spec.subject.issuer`, for instance."""
    whole = access_grant()
    *way, last = path.split(".")
    at = whole
    for step in way:
        at = at[step]
    at[last] = value
    return whole


STAYS, NAMED = "stays with the person that it was made for", "has the name of its ServiceAccount"


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("spec.subject.issuer", "https://other.example.com", STAYS),
        ("spec.subject.subject", "somebody-else", STAYS),
        ("spec.serviceAccount.namespace", "default", "can't be changed"),
        ("spec.serviceAccount.name", "another", NAMED),
    ],
)
def test_whose_an_access_grant_is_cannot_be_changed(
    sandbox: Sandbox, applied: None, path: str, value: object, reason: str
) -> None:
    assert reason in apply(sandbox, changed(path, value))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("metadata.name", "another-name", NAMED),
        ("spec.subject.issuer", "", "at least 1"),
        ("spec.subject.subject", "s" * 1025, "1024"),
        ("spec.subject.groups", "admins", "must be of type array"),
        ("spec.subject.groups", ["g" * 1025], "1024"),
        ("spec.serviceAccount.name", "Jane", "should match"),
        ("spec.serviceAccount.name", "j" * 64, "63"),
        ("spec.serviceAccount.namespace", "a/b", "should match"),
        ("spec.suspended", "yes", "must be of type boolean"),
        ("spec.suspended", None, ""),
        ("spec.claimsIssuedAt", "yesterday", "date-time"),
        ("spec.notBefore", 1767268800, "must be of type"),
        ("spec.expiresAt", "2026-01-01", "date-time"),
        ("spec.expiresAt", "2026-01-01T24:00:00Z", "should match"),
        ("spec.expiresAt", "0000-01-01T00:00:00Z", "should match"),
        ("spec.expiresAt", "2026-01-01T12:00:60Z", "should match"),
        ("spec.expiresAt", "2026-01-01T12:00:00.5+02:00", ""),
        ("spec.expiresAt", "9999-12-31T23:59:59Z", ""),
        ("spec.expiresAt", None, ""),
    ],
    ids=str,
)
def test_what_nobody_can_mean_is_refused_with_its_reason(
    sandbox: Sandbox, path: str, value: object, reason: str
) -> None:
    install(sandbox)
    complaint = apply(sandbox, changed(path, value))
    if reason:
        assert reason in complaint
    else:
        assert not complaint
        kubectl(sandbox, "delete", *IT)


def test_who_wrote_a_part_that_has_one_author_is_kept_in_one_word(
    sandbox: Sandbox, applied: None
) -> None:
    """By field it was nearly half of each AccessGrant, and a third of the time that a list of them takes."""
    (author,) = get(sandbox, *IT, "--show-managed-fields")["metadata"]["managedFields"]
    assert author["fieldsV1"]["f:spec"] == {
        ".": {},
        "f:claimsIssuedAt": {},
        "f:serviceAccount": {},
        "f:subject": {},
        "f:suspended": {},
    }


def test_kubectl_explains_every_field(sandbox: Sandbox) -> None:
    install(sandbox)
    kind = get(sandbox, "crd", "accessgrants.jwt-to-rbac.io")
    schema = kind["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    bare = [path for path, one in fields("", schema) if not one.get("description", "").strip()]
    assert bare == []
    said = " ".join(kubectl(sandbox, "explain", "accessgrants.spec").split())
    for name, one in schema["properties"]["spec"]["properties"].items():
        assert name in said
        assert " ".join(one["description"].split()) in said


def fields(path: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field below, by its path."""
    inner = schema.get("items", schema)
    for name, one in inner.get("properties", {}).items():
        yield f"{path}.{name}", one
        yield from fields(f"{path}.{name}", one)
