"""For any policy and request our decision is what the real RBAC authorizer says of the policy's objects.

`make authorizations` asks thousands; in the suite it is some hundreds.
"""

import itertools
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.authorization import (
    AccessRequest,
    PathRequest,
    ResourceRequest,
    allowing,
)
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.plan import Grant, plan
from jwt_to_rbac.core.policy import (
    Namespaces,
    Policy,
    PolicyRule,
    Rule,
    Scope,
    SelectedNamespaces,
    WholeCluster,
)
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.core.selector import LabelSelector, NamespaceLabels, Requirement
from jwt_to_rbac.kube import manifest, paths
from jwt_to_rbac.sandbox import Sandbox
from tests.support.waiting import eventually
from tests.webhooks.admin import Admin, administrator

POLICIES = int(os.environ.get("AUTHORIZATION_POLICIES", "25"))
REQUESTS = 16
"""Requests that each policy is asked: 400 in the suite."""

GROUP = "g"
EXISTING = ("view", "edit", "admin", "no-such-role")
LABELS = {"rbac-a": {"rbac-team": "a"}, "rbac-b": {"rbac-team": "b"}, "rbac-c": {}}
USERS = "rbac-users"

VERBS = ("get", "list", "watch", "create", "update", "delete", "*", "deletecollection", "use")
GROUPS = ("", "apps", "*", "example.com")
RESOURCES = ("pods", "secrets", "deployments", "widgets", "namespaces", "*")
SUBRESOURCES = ("", "log", "scale", "status")
IN_RULES = (*RESOURCES, "pods/log", "*/log", "deployments/scale", "*/scale", "pods/*", "log")
NAMES = ("web", "other", "*")
PATHS = ("/healthz", "/healthz/etcd", "/", "/metrics", "/a", "/a*")
URLS = ("/healthz", "/healthz/*", "/heal*", "*", "/*", "/a**", "/metrics", "/a*")


def some(values: tuple[str, ...], at_least: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    chosen = st.lists(st.sampled_from(values), min_size=at_least, max_size=3, unique=True)
    return chosen.map(tuple)


role_rules = st.one_of(
    st.builds(
        PolicyRule, some(VERBS), some(GROUPS), some(IN_RULES), st.one_of(st.just(()), some(NAMES))
    ),
    st.builds(PolicyRule, verbs=some(VERBS), non_resource_urls=some(URLS)),
)
scopes: st.SearchStrategy[Scope] = st.one_of(
    st.just(WholeCluster()),
    some(tuple(LABELS)).map(frozenset).map(Namespaces),
    st.sampled_from(
        [
            Requirement("rbac-team", "In", frozenset({"a"})),
            Requirement("rbac-team", "NotIn", frozenset({"a"})),
            Requirement("rbac-team", "DoesNotExist"),
        ]
    ).map(lambda one: SelectedNamespaces(LabelSelector((one,)))),
)
existing = st.tuples(st.sampled_from(EXISTING), scopes)
own = st.tuples(st.lists(role_rules, min_size=1, max_size=3).map(tuple), scopes)
policies = st.lists(st.one_of(existing, own), min_size=1, max_size=4)

requests: st.SearchStrategy[AccessRequest] = st.one_of(
    st.builds(
        ResourceRequest,
        st.sampled_from(VERBS),
        st.sampled_from(GROUPS),
        st.sampled_from(RESOURCES),
        st.sampled_from(SUBRESOURCES),
        st.sampled_from(("", *LABELS)),
        st.sampled_from(("", *NAMES)),
    ),
    st.builds(PathRequest, st.sampled_from(VERBS), st.sampled_from(PATHS)),
)


@dataclass
class Cluster:
    """The real cluster: its namespaces and ClusterRoles, and how often it was asked."""

    admin: Admin
    namespaces: NamespaceLabels
    roles: dict[str, tuple[PolicyRule, ...]]
    asked: int = 0
    allowed: int = 0
    serial: Iterator[int] = field(default_factory=itertools.count)
    run: str = field(default_factory=lambda: secrets.token_hex(4))


@pytest.fixture(scope="module")
def cluster(sandbox: Sandbox) -> Iterator[Cluster]:
    with administrator(sandbox) as admin:
        for name, labels in {**LABELS, USERS: {}}.items():
            metadata = {"name": name, "labels": labels}
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
            admin.call("POST", paths.NAMESPACES, body)
        labels_now = {
            one["metadata"]["name"]: one["metadata"]["labels"]
            for one in admin.call("GET", paths.NAMESPACES)["items"]
        }
        made = Cluster(admin, NamespaceLabels(labels_now), {})
        for name in EXISTING[:-1]:
            rules = admin.call("GET", paths.cluster_role(name))["rules"]
            made.roles[name] = tuple(_rule(rule) for rule in rules)
        yield made
        for name in (*LABELS, USERS):
            admin.call("DELETE", f"{paths.NAMESPACES}/{name}")
        query = f"?labelSelector=rbac-run={made.run}"
        for path in (paths.CLUSTER_ROLES, paths.CLUSTER_ROLE_BINDINGS):
            admin.call("DELETE", path + query)


def _rule(of: dict[str, list[str]]) -> PolicyRule:
    keys = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
    return PolicyRule(*(tuple(of.get(key, ())) for key in keys))


Drawn = list[tuple[str | tuple[PolicyRule, ...], Scope]]


def policy_of(drawn: Drawn, name: str) -> Policy:
    return Policy(
        tuple(
            Rule(f"{name}-{i}", frozenset({GROUP}), what, scope)
            if isinstance(what, str)
            else Rule(f"{name}-{i}", frozenset({GROUP}), f"{name}-{i}-from-jwt", scope, what)
            for i, (what, scope) in enumerate(drawn)
        )
    )


def make_objects(cluster: Cluster, policy: Policy, grants: frozenset[Grant], name: str) -> None:
    """What the product makes of the policy for one person; then what shows that all is in force."""
    record = Record(Person(Identity("https://issuer", name), name), 0)
    account = Account(name, "00000000-0000-0000-0000-000000000000", "1", record)
    last = f"{name}-last"
    roles = policy.own_roles()
    roles[last] = (PolicyRule(("last",), ("last",), ("last",)),)
    for role, rules in roles.items():
        _post(cluster, paths.CLUSTER_ROLES, manifest.cluster_role(role, rules))
    for grant in [*sorted(grants), Grant(last), Grant(last, "rbac-c")]:
        body = manifest.binding(account, grant, USERS)
        _post(cluster, paths.bindings(grant.namespace), body)
    for namespace in ("", "rbac-c"):
        request = ResourceRequest("last", "last", "last", "", namespace)
        assert eventually(partial(_may, cluster, name, request))


def _post(cluster: Cluster, path: str, body: dict[str, object]) -> None:
    metadata = body["metadata"]
    assert isinstance(metadata, dict)
    # Not the product's marks nor its owner: what is made here must be nobody's.
    metadata["labels"] = {"rbac-run": cluster.run}
    metadata.pop("ownerReferences", None)
    cluster.admin.call("POST", path, body)


def _may(cluster: Cluster, name: str, asked: AccessRequest) -> bool:
    spec: dict[str, object] = {
        "user": f"system:serviceaccount:{USERS}:{name}",
        "groups": ["system:serviceaccounts"],
    }
    if isinstance(asked, PathRequest):
        spec["nonResourceAttributes"] = {"path": asked.path, "verb": asked.verb}
    else:
        spec["resourceAttributes"] = {
            "verb": asked.verb,
            "group": asked.group,
            "resource": asked.resource,
            "subresource": asked.subresource,
            "namespace": asked.namespace,
            "name": asked.name,
        }
    return cluster.admin.may(spec)


@settings(
    max_examples=POLICIES,
    # Shrinking would make its objects anew hundreds of times.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(drawn=policies, asked=st.lists(requests, min_size=REQUESTS, max_size=REQUESTS))
def test_any_policy_gives_what_its_rbac_objects_give(
    cluster: Cluster, drawn: Drawn, asked: list[AccessRequest]
) -> None:
    name = f"rbac-{cluster.run}-{next(cluster.serial)}"
    policy = policy_of(drawn, name)
    person = Person(Identity("https://issuer", name), name, groups=(GROUP,))
    access = plan(person, policy, cluster.namespaces)
    make_objects(cluster, policy, access.wanted(), name)
    rules = cluster.roles | policy.own_roles()
    for request in asked:
        ours = allowing(access.grants, lambda role: rules.get(role, ()), request) is not None
        assert ours == _may(cluster, name, request), (policy, request)
        cluster.asked += 1
        cluster.allowed += ours


def test_requests_of_both_kinds_were_asked(cluster: Cluster) -> None:
    # For whoever runs the long form.
    print(f"{cluster.asked} requests under {POLICIES} policies, {cluster.allowed} of them allowed")  # noqa: T201
    assert cluster.asked >= POLICIES * REQUESTS * 0.9
    assert 0.05 < cluster.allowed / cluster.asked < 0.95
