"""What rules allow, point by point as Kubernetes' RBAC authorizer reads them.

`tests/webhooks` asks a real API server the same; here each point stands alone.
"""

import pytest

from jwt_to_rbac.core.authorization import (
    AccessRequest,
    PathRequest,
    ResourceRequest,
    access_request,
    allowing,
    allows,
)
from jwt_to_rbac.core.plan import Grant, PlannedGrant
from jwt_to_rbac.core.policy import PolicyRule

PODS = PolicyRule(("get", "list"), ("", "apps"), ("pods", "pods/log", "*/scale"))
ONE_POD = PolicyRule(("get",), ("",), ("pods",), ("web", "db"))
ANYTHING = PolicyRule(("*",), ("*",), ("*",))
PATHS = PolicyRule(("get",), non_resource_urls=("/healthz", "/logs/*", "/two**"))
ANY_PATH = PolicyRule(("get",), non_resource_urls=("*",))


def get(resource: str = "pods", subresource: str = "", name: str = "") -> ResourceRequest:
    return ResourceRequest("get", "", resource, subresource, "shop", name)


@pytest.mark.parametrize(
    ("rule", "request_", "yes"),
    [
        pytest.param(PODS, get(), True, id="named"),
        pytest.param(PODS, ResourceRequest("list", "apps", "pods"), True, id="the-other-of-each"),
        pytest.param(PODS, ResourceRequest("delete", "", "pods"), False, id="another-verb"),
        pytest.param(PODS, ResourceRequest("get", "batch", "pods"), False, id="another-group"),
        pytest.param(PODS, get("secrets"), False, id="another-resource"),
        pytest.param(PODS, get("pods", "log"), True, id="a-subresource-that-is-named"),
        pytest.param(PODS, get("pods", "exec"), False, id="a-subresource-that-is-not"),
        pytest.param(PODS, get("deployments", "scale"), True, id="a-subresource-of-anything"),
        pytest.param(PODS, get("deployments"), False, id="not-the-thing-itself"),
        pytest.param(PolicyRule(("get",), ("",), ("*/",)), get("pods"), False, id="half-a-name"),
        pytest.param(ONE_POD, get(name="web"), True, id="an-object-that-is-named"),
        pytest.param(ONE_POD, get(name="db"), True, id="another-that-is-named"),
        pytest.param(ONE_POD, get(name="x"), False, id="an-object-that-is-not"),
        pytest.param(ONE_POD, get(), False, id="no-object-where-some-are-named"),
        pytest.param(ANYTHING, get("pods", "exec", "x"), True, id="asterisks"),
        pytest.param(ANYTHING, PathRequest("get", "/healthz"), False, id="asterisks-are-no-path"),
        pytest.param(PATHS, PathRequest("get", "/healthz"), True, id="a-path"),
        pytest.param(PATHS, PathRequest("post", "/healthz"), False, id="a-path-by-another-verb"),
        pytest.param(PATHS, PathRequest("get", "/healthz/x"), False, id="below-a-path"),
        pytest.param(PATHS, PathRequest("get", "/logs/kubelet"), True, id="a-path-by-asterisk"),
        pytest.param(PATHS, PathRequest("get", "/logs"), False, id="above-the-asterisk"),
        pytest.param(PATHS, PathRequest("get", "/two/x"), True, id="two-asterisks-are-one"),
        pytest.param(ANY_PATH, PathRequest("get", "/any"), True, id="any-path"),
        pytest.param(PATHS, get("/healthz"), False, id="a-path-is-no-resource"),
    ],
)
def test_a_rule_allows(rule: PolicyRule, request_: AccessRequest, yes: bool) -> None:
    assert allows(rule, request_) is yes


def planned(namespace: str, role: str = "view") -> PlannedGrant:
    return PlannedGrant(Grant(role, namespace), f"{role}-in-{namespace or 'all'}")


ROLES = {"view": (PATHS, PODS), "none": ()}


@pytest.mark.parametrize(
    ("grants", "request_", "by"),
    [
        pytest.param(["other", "shop"], get(), "view-in-shop", id="in-its-namespace"),
        pytest.param(["other"], get(), None, id="not-in-another"),
        pytest.param(["", "shop"], get(), "view-in-all", id="the-first-of-two"),
        pytest.param(
            ["shop"], ResourceRequest("get", "", "pods"), None, id="not-the-cluster-by-a-namespace"
        ),
        pytest.param([""], PathRequest("get", "/healthz"), "view-in-all", id="a-path"),
        pytest.param(["shop"], PathRequest("get", "/healthz"), None, id="no-path-by-a-namespace"),
        pytest.param([], get(), None, id="nothing"),
    ],
)
def test_the_first_grant_that_allows_a_request_is_its_reason(
    grants: list[str], request_: AccessRequest, by: str | None
) -> None:
    found = allowing([planned("", "none"), *map(planned, grants)], ROLES.__getitem__, request_)
    assert (found and found.rule) == by


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        pytest.param(("get", "pods"), ResourceRequest("get", "", "pods"), id="a-resource"),
        pytest.param(
            ("get", "pods/log", "shop", "web"),
            ResourceRequest("get", "", "pods", "log", "shop", "web"),
            id="a-part-of-one-object",
        ),
        pytest.param(
            ("patch", "deployments.apps/scale"),
            ResourceRequest("patch", "apps", "deployments", "scale"),
            id="of-a-group",
        ),
        pytest.param(
            ("get", "leases.coordination.k8s.io", "shop"),
            ResourceRequest("get", "coordination.k8s.io", "leases", "", "shop"),
            id="of-a-group-with-dots",
        ),
        pytest.param(("get", "/metrics", "shop"), PathRequest("get", "/metrics"), id="a-path"),
    ],
)
def test_a_question_is_read_as_kubectl_writes_it(
    words: tuple[str, ...], asked: AccessRequest
) -> None:
    assert access_request(*words) == asked
