"""Whether a plan's grants allow a request, by the meaning that Kubernetes' RBAC authorizer gives rules.

Pure. Who somebody is and what they are granted is decided elsewhere (`identity`, `plan`).
Selectors of a request (SubjectAccessReview's fieldSelector and labelSelector) have no place
here: they only narrow what is asked for, and RBAC looks past them too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from jwt_to_rbac.core.plan import PlannedGrant
from jwt_to_rbac.core.policy import PolicyRule

ALL = "*"


@dataclass(frozen=True, slots=True)
class ResourceRequest:
    """A request for objects; `namespace` and `name` are empty where the request names none."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class PathRequest:
    """A request for what is no object, such as `/healthz`; `verb` is the HTTP method's, small."""

    verb: str
    path: str


AccessRequest = ResourceRequest | PathRequest


def access_request(verb: str, resource: str, namespace: str = "", name: str = "") -> AccessRequest:
    """What is asked about in the words of `kubectl auth can-i`.

    `resource` is such as `pods`, `pods/log`, `deployments.apps`, `deployments.apps/scale`, or a path
    such as `/metrics`.
    """
    if resource.startswith("/"):
        return PathRequest(verb, resource)
    whole, _, subresource = resource.partition("/")
    plural, _, group = whole.partition(".")
    return ResourceRequest(verb, group, plural, subresource, namespace, name)


RulesOf = Callable[[str], Iterable[PolicyRule]]
"""The rules of a ClusterRole by its name; none for one that doesn't exist."""


def allowing(
    grants: Iterable[PlannedGrant], rules_of: RulesOf, request: AccessRequest
) -> PlannedGrant | None:
    """The first grant that allows the request, or None."""
    namespace = request.namespace if isinstance(request, ResourceRequest) else ""
    for planned in grants:
        grant = planned.grant
        # What holds in one namespace says nothing of the cluster, nor of paths.
        if grant.namespace not in ("", namespace):
            continue
        if any(allows(rule, request) for rule in rules_of(grant.cluster_role)):
            return planned
    return None


def allows(rule: PolicyRule, request: AccessRequest) -> bool:
    """RuleAllows of k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac, point by point."""
    if not _among(request.verb, rule.verbs):
        return False
    if isinstance(request, PathRequest):
        return any(_matches_path(url, request.path) for url in rule.non_resource_urls)
    return (
        _among(request.group, rule.api_groups)
        and _names_resource(rule.resources, request.resource, request.subresource)
        and (not rule.resource_names or request.name in rule.resource_names)
    )


def _among(asked: str, listed: tuple[str, ...]) -> bool:
    return asked in listed or ALL in listed


def _names_resource(listed: tuple[str, ...], resource: str, subresource: str) -> bool:
    whole = f"{resource}/{subresource}" if subresource else resource
    return _among(whole, listed) or (bool(subresource) and f"{ALL}/{subresource}" in listed)


def _matches_path(url: str, path: str) -> bool:
    # Any number of asterisks at the end, as Go's TrimRight takes them.
    return url in (ALL, path) or (url.endswith(ALL) and path.startswith(url.rstrip(ALL)))
