"""Asks the API server for each of the program's rights whether it has it; for `jwt-to-rbac doctor`."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import msgspec

from jwt_to_rbac.core.finding import Finding, bad, good
from jwt_to_rbac.core.policy import PolicyRule
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.installation import Installation
from jwt_to_rbac.kube.looking import may_not_look
from jwt_to_rbac.kube.rights import accounts_rules, cluster_info_rules, cluster_rules, news_rules
from jwt_to_rbac.kube.session import KubeSession

MENDING = (
    "Apply, as an administrator, what this configuration needs: "
    "`jwt-to-rbac export manifests --part rbac | kubectl apply -f -`"
)


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that the program does; `namespace` is empty for the whole cluster."""

    verb: str
    group: str
    resource: str
    name: str = ""
    namespace: str = ""

    def __str__(self) -> str:
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f" {self.name}" if self.name else ""
        return f"{self.verb} {what}{named}" + (f" in {self.namespace}" if self.namespace else "")

    def attributes(self) -> dict[str, str]:
        resource, _, subresource = self.resource.partition("/")
        whole = {
            "verb": self.verb,
            "group": self.group,
            "resource": resource,
            "subresource": subresource,
            "name": self.name,
            "namespace": self.namespace,
        }
        return {key: value for key, value in whole.items() if value}


async def look_at_rights(session: KubeSession, of: Installation, itself: bool) -> Finding:
    """Each rule of `rights`, one by one.

    Asked of `session`'s own credential if that is the program's, else of its ServiceAccount.
    Raises Outage.
    """
    wanted = list(_rights(of))
    whose = "this credential" if itself else of.account.username
    check = "rights"
    answers = await asyncio.gather(*(_has(session, of, itself, right) for right in wanted))
    if None in answers:
        return may_not_look(check, f"what {whose} may do")
    lacking = [str(right) for right, has in zip(wanted, answers, strict=True) if not has]
    if lacking:
        return bad(check, f"{whose} may not: {'; '.join(lacking)}", MENDING)
    return good(check, f"{whose} may do all {len(wanted)} things that it must")


def _rights(of: Installation) -> Iterator[Right]:
    rules = (
        (cluster_rules(of), ""),
        (accounts_rules(of), of.accounts_namespace),
        (news_rules(of), paths.EVENTS_NAMESPACE),
        (() if of.public_server else cluster_info_rules(), paths.CLUSTER_INFO_NAMESPACE),
    )
    for several, namespace in rules:
        for rule in several:
            yield from _of_rule(rule, namespace)


def _of_rule(rule: PolicyRule, namespace: str) -> Iterator[Right]:
    names = rule.resource_names or ("",)
    for verb, group, resource, name in product(rule.verbs, rule.api_groups, rule.resources, names):
        yield Right(verb, group, resource, name, namespace)


async def _has(session: KubeSession, of: Installation, itself: bool, right: Right) -> bool | None:
    """None if that may not be asked."""
    spec: dict[str, Any] = {"resourceAttributes": right.attributes()}
    kind = "SelfSubjectAccessReview"
    if not itself:
        kind = "SubjectAccessReview"
        # The groups that the API server would give it: rights may come from these too.
        groups = [
            "system:serviceaccounts",
            f"system:serviceaccounts:{of.account.namespace}",
            "system:authenticated",
        ]
        spec |= {"user": of.account.username, "groups": groups}
    path = f"{paths.AUTHORIZATION}/{kind.lower()}s"
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
    reply = await session.call("POST", path, body, also=(403,))
    if reply.status == 403:
        return None
    status = msgspec.json.decode(reply.body)["status"]
    return bool(status.get("allowed")) and not status.get("denied")
