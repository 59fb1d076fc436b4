"""ValidatingAdmissionPolicies that hold the program's own credential to its job, as objects.

RBAC can't see whom a binding is for or whose object is deleted; these can. They match the
program's own user name alone, so they cost everybody else one comparison and refuse nobody.
An AccessGrant is the program's own record and is free; nothing else that it may write is.
"""

from dataclasses import dataclass

from jwt_to_rbac.kube.cel import (
    either,
    every,
    is_role,
    joins_other_roles,
    marked,
    own_role,
    owned_by_a_grant,
    owned_by_a_grant_alone,
    text,
    texts,
)
from jwt_to_rbac.kube.installation import ANY, LABELS, Installation
from jwt_to_rbac.kube.manifest import Body
from jwt_to_rbac.kube.revocations import PREFIX
from jwt_to_rbac.kube.rights import RBAC
from jwt_to_rbac.kube.sessions import OF_ACCOUNT, STORED
from jwt_to_rbac.kube.sessions import TYPE as SESSION
from jwt_to_rbac.kube.standing import MODE, STANDING

CREATE, UPDATE, DELETE = ("CREATE",), ("UPDATE",), ("DELETE",)
WRITE = (*CREATE, *UPDATE)


@dataclass(frozen=True, slots=True)
class Demand:
    """A condition that holds for some operations, and the sentence that refuses."""

    on: tuple[str, ...]
    condition: str
    message: str

    def validation(self) -> Body:
        expression = f"!(request.operation in {texts(self.on)}) || ({self.condition})"
        return {"expression": expression, "message": self.message}


def admission_manifests(of: Installation) -> list[Body]:
    """Each policy with the binding that puts it in force."""
    bindings = ("clusterrolebindings", "rolebindings")
    return [
        *_policy(of, "bindings", RBAC, bindings, _on_bindings(of)),
        *_policy(of, "cluster-roles", RBAC, ("clusterroles",), _on_cluster_roles(of)),
        *_policy(of, "service-accounts", "", ("serviceaccounts",), _on_service_accounts(of)),
        *_policy(of, "revocations", "", ("configmaps",), _on_config_maps(of)),
        *_policy(of, "sessions", "", ("secrets",), _on_secrets(of)),
        *_policy(of, "tokens", "", ("serviceaccounts/token",), _on_tokens(of)),
    ]


_NOT_OURS = "this object belongs to no AccessGrant, so it is not the program's to touch"
_NOT_OUR_ROLE = "this ClusterRole isn't the program's to delete"
_UNMARKED = "a new object needs the program's marks and an AccessGrant as its one owner"
_ANOTHERS = "a binding's one subject must be its owner's ServiceAccount"


def _on_bindings(of: Installation) -> tuple[Demand, ...]:
    subject, owner = "object.subjects[0]", "object.metadata.ownerReferences[0]"
    its_account = every(
        "has(object.subjects)",
        "size(object.subjects) == 1",
        f'{subject}.kind == "ServiceAccount"',
        f"{subject}.namespace == {text(of.accounts_namespace)}",
        f"{subject}.name == {owner}.name",
    )
    place = '(has(request.namespace) ? request.namespace : "")'
    bound = texts(f"{namespace}/{role}" for namespace, role in of.bound())
    there = [f'({place} + "/" + object.roleRef.name) in {bound}']
    if any(namespace == ANY for namespace, _ in of.bound()):
        there.append(every(_chosen(of, place), f'("{ANY}/" + object.roleRef.name) in {bound}'))
    in_policy = every('object.roleRef.kind == "ClusterRole"', _any(*there))
    an_accounts = every(marked("object"), owned_by_a_grant_alone("object"))
    # What an earlier policy of mode groups granted must be taken in any case.
    ours = either(owned_by_a_grant("oldObject"), _is_standing("oldObject"))
    standing = [_standing(of, place)] if of.standing() else []
    return (
        Demand(UPDATE, "false", "bindings are made and deleted, never changed"),
        Demand(DELETE, ours, _NOT_OURS),
        Demand(CREATE, _any(an_accounts, *standing), _UNMARKED),
        Demand(CREATE, _any(its_account, *standing), _ANOTHERS),
        Demand(CREATE, in_policy, "the policy binds no such role there"),
    )


def _any(*conditions: str) -> str:
    return conditions[0] if len(conditions) == 1 else either(*conditions)


def _chosen(of: Installation, place: str) -> str:
    """Where a selector may choose: whichever namespace but the accounts' own."""
    return f"!({place} in {texts(['', of.accounts_namespace])})"


def _is_standing(what: str) -> str:
    """Made for a Group or User, and nobody's: its mark is all that says so."""
    labels = f"{what}.metadata.labels"
    return every(
        marked(what),
        f"{text(STANDING)} in {labels}",
        f"{labels}[{text(STANDING)}] == {text(MODE)}",
        f"!has({what}.metadata.ownerReferences)",
    )


def _standing(of: Installation, place: str) -> str:
    """A binding of one of the policy's Groups or Users to a role that it gives them there."""
    subject = "object.subjects[0]"
    whom = f'{subject}.kind + "\\n" + {subject}.name + "\\n"'
    listed = texts("\n".join(one) for one in of.standing())
    role = '"\\n" + object.roleRef.name'
    return every(
        _is_standing("object"),
        "has(object.subjects)",
        "size(object.subjects) == 1",
        either(
            f"({whom} + {place} + {role}) in {listed}",
            every(_chosen(of, place), f'({whom} + "{ANY}" + {role}) in {listed}'),
        ),
    )


def _on_cluster_roles(of: Installation) -> tuple[Demand, ...]:
    dynamic = of.policy.dynamic_roles
    own = of.policy.own_roles() if dynamic else {}
    configured = either(*(is_role("object", name, rules) for name, rules in own.items()))
    alone = f"!({joins_other_roles('object', 'oldObject')})"
    return (
        Demand(DELETE, own_role("oldObject") if dynamic else "false", _NOT_OUR_ROLE),
        Demand(UPDATE, marked("oldObject"), "a ClusterRole of others is never changed"),
        Demand(WRITE, marked("object"), "a ClusterRole needs the program's marks"),
        Demand(WRITE, configured, "a ClusterRole must be one of the policy's, with its rules"),
        Demand(WRITE, alone, "a ClusterRole must not become part of others, nor be made of them"),
    )


def _on_service_accounts(of: Installation) -> tuple[Demand, ...]:
    there = f"request.namespace == {text(of.accounts_namespace)}"
    not_mounted = every(
        "has(object.automountServiceAccountToken)", "!object.automountServiceAccountToken"
    )
    named = "object.metadata.ownerReferences[0].name == object.metadata.name"
    return (
        Demand((*WRITE, *DELETE), there, "ServiceAccounts are the accounts' namespace's alone"),
        Demand(UPDATE, "false", "ServiceAccounts are made and deleted, never changed"),
        Demand(DELETE, owned_by_a_grant("oldObject"), _NOT_OURS),
        Demand(CREATE, every(marked("object"), owned_by_a_grant_alone("object")), _UNMARKED),
        Demand(CREATE, named, "a ServiceAccount has its owner's name"),
        Demand(CREATE, not_mounted, "a ServiceAccount that stands for a person is mounted nowhere"),
    )


def _on_secrets(of: Installation) -> tuple[Demand, ...]:
    there = f"request.namespace == {text(of.accounts_namespace)}"
    session = every(
        f"object.type == {text(SESSION)}", "!has(object.data) || size(object.data) == 0"
    )
    annotations = "object.metadata.annotations"
    stored = every(
        f"object.type == {text(STORED)}",
        f"has({annotations})",
        f"{text(OF_ACCOUNT)} in {annotations}",
        f"{annotations}[{text(OF_ACCOUNT)}] == object.metadata.ownerReferences[0].name",
    )
    allowed = either(session, stored) if of.stored_tokens else session
    same_owner = "object.metadata.ownerReferences == oldObject.metadata.ownerReferences"
    return (
        Demand((*WRITE, *DELETE), there, "sessions are in the accounts' namespace alone"),
        Demand((*UPDATE, *DELETE), owned_by_a_grant("oldObject"), _NOT_OURS),
        Demand(WRITE, every(marked("object"), owned_by_a_grant_alone("object")), _UNMARKED),
        Demand(UPDATE, same_owner, "a session stays with the person that it was made for"),
        Demand(
            WRITE, allowed, "a Secret of the program's is a session, and of its owner's account"
        ),
    )


def _on_config_maps(of: Installation) -> tuple[Demand, ...]:
    revocation = every(
        f"request.namespace == {text(of.accounts_namespace)}",
        f"request.name.startsWith({text(PREFIX)})",
    )
    message = "of ConfigMaps, revocations alone are the program's"
    return (Demand((*WRITE, *DELETE), revocation, message),)


def _on_tokens(of: Installation) -> tuple[Demand, ...]:
    persons = every(
        f"request.namespace == {text(of.accounts_namespace)}", 'request.name != "default"'
    )
    bounded = f"object.spec.expirationSeconds <= {of.longest_token}"
    session = every(
        "has(object.spec.boundObjectRef)", 'object.spec.boundObjectRef.kind == "Secret"'
    )
    return (
        Demand(CREATE, persons, "tokens are for people's accounts alone"),
        Demand(CREATE, session, "a token is bound to a session"),
        Demand(CREATE, bounded, "no token lives longer than the configuration says"),
    )


def _policy(
    of: Installation, what: str, group: str, resources: tuple[str, ...], demands: tuple[Demand, ...]
) -> tuple[Body, Body]:
    name = f"{of.account.name}-{what}"
    operations = sorted({operation for demand in demands for operation in demand.on})
    rule = {
        "apiGroups": [group],
        "apiVersions": ["*"],
        "operations": operations,
        "resources": resources,
    }
    itself = f"request.userInfo.username == {text(of.account.username)}"
    policy: Body = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "is-the-program", "expression": itself}],
        "validations": [demand.validation() for demand in demands],
    }
    binding: Body = {"policyName": name, "validationActions": ["Deny"]}
    return (
        _object("ValidatingAdmissionPolicy", name, policy),
        _object("ValidatingAdmissionPolicyBinding", name, binding),
    )


def _object(kind: str, name: str, spec: Body) -> Body:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": LABELS},
        "spec": spec,
    }
