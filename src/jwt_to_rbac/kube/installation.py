"""What one installation of the program is made for, and its namespaces; what it may do is in `rights`."""

from dataclasses import dataclass, field

from jwt_to_rbac.core.policy import (
    Namespaces,
    Policy,
    Rule,
    SelectedNamespaces,
    WholeCluster,
)
from jwt_to_rbac.core.standing import subjects_of
from jwt_to_rbac.kube.manifest import Body

LABELS = {"app.kubernetes.io/part-of": "jwt-to-rbac"}
"""On what belongs to the program itself. Never the marks: those say that it made an object."""


ANY = "*"
"""In the place of a namespace: whichever."""


@dataclass(frozen=True, slots=True)
class ProgramAccount:
    """The ServiceAccount that the program runs as."""

    namespace: str = "jwt-to-rbac"
    name: str = "jwt-to-rbac"

    @property
    def username(self) -> str:
        """What the API server calls it."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


@dataclass(frozen=True, slots=True)
class Installation:
    """What rights and admission policy are cut to.

    `longest_token` is in seconds. The ClusterRoles that have their rules in the policy are in
    the manifests, unless the policy says that the program itself keeps them. With
    `stored_tokens` it makes and reads Secrets that hold tokens. Without a `public_server`, the
    API server's URL for people, it reads what the cluster says of itself. With a `web_app` it
    reads Events too.
    """

    policy: Policy
    accounts_namespace: str
    longest_token: int
    stored_tokens: bool = False
    account: ProgramAccount = field(default_factory=ProgramAccount)
    public_server: str = ""
    web_app: bool = False

    def bound(self) -> list[tuple[str, str]]:
        """Every (namespace, ClusterRole) that the policy can bind.

        "" is the whole cluster, `*` whatever namespaces a selector chooses.
        """
        return sorted({(at, rule.cluster_role) for rule in self.policy.rules for at in _at(rule)})

    def standing(self) -> list[tuple[str, str, str, str]]:
        """Every (kind, name, namespace, ClusterRole) bound in mode `groups`; else none."""
        if self.policy.mode != "groups":
            return []
        return sorted(
            (subject.kind, subject.name, at, rule.cluster_role)
            for rule in self.policy.rules
            for subject in subjects_of(rule)
            for at in _at(rule)
        )


def _at(rule: Rule) -> frozenset[str]:
    match rule.scope:
        case WholeCluster():
            return frozenset({""})
        case Namespaces(names):
            return names
        case SelectedNamespaces():
            return frozenset({ANY})


def program_namespace(of: Installation) -> Body:
    return _namespace(of.account.namespace)


def accounts_namespace(of: Installation) -> list[Body]:
    """The people's namespace. No pod runs there, or whoever makes one could be any of them."""
    name = of.accounts_namespace
    quota = {"name": "no-pods", "namespace": name, "labels": LABELS}
    return [
        _namespace(name),
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": quota,
            "spec": {"hard": {"pods": "0"}},
        },
    ]


def _namespace(name: str) -> Body:
    # The program's own pods need no more, and no other is meant to be there.
    labels = LABELS | {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
