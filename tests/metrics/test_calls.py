"""Calls to the API server are named by verb and resource, never by what they are about."""

import pytest

from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.calls import verb_and_resource


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        pytest.param(
            "GET", paths.NAMESPACES + "?limit=500", ("list", "namespaces"), id="core-list"
        ),
        pytest.param("GET", "/api/v1/namespaces/jane", ("get", "namespaces"), id="core-get"),
        pytest.param(
            "GET",
            paths.GRANTS + "?watch=1&resourceVersion=7",
            ("watch", "accessgrants"),
            id="watch",
        ),
        pytest.param("POST", paths.GRANTS, ("create", "accessgrants"), id="create"),
        pytest.param("GET", paths.grant("jane"), ("get", "accessgrants"), id="get"),
        pytest.param(
            "PUT", paths.grant("jane") + "/status", ("update", "accessgrants/status"), id="status"
        ),
        pytest.param(
            "POST",
            paths.token("accounts", "jane"),
            ("create", "serviceaccounts/token"),
            id="subresource-in-a-namespace",
        ),
        pytest.param(
            "DELETE",
            paths.service_accounts("accounts") + "/jane",
            ("delete", "serviceaccounts"),
            id="delete-in-a-namespace",
        ),
        pytest.param("GET", "/version", ("get", "/version"), id="no-resource"),
        pytest.param("GET", paths.bindings("dev"), ("list", "rolebindings"), id="a-namespace's"),
        pytest.param("GET", paths.ROLE_BINDINGS, ("list", "rolebindings"), id="all-namespaces"),
        pytest.param(
            "PATCH",
            paths.cluster_role("x-from-jwt") + "?fieldManager=jwt-to-rbac",
            ("patch", "clusterroles"),
            id="apply",
        ),
        pytest.param("POST", paths.TOKEN_REVIEWS, ("create", "tokenreviews"), id="review"),
    ],
)
def test_a_call_is_named_by_verb_and_resource(
    method: str, path: str, call: tuple[str, str]
) -> None:
    assert verb_and_resource(method, path) == call
