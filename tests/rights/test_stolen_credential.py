"""With the program's own credential stolen, nothing is to be had that the policy doesn't give."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.rights.installation import USERS, Installed
from tests.rights.stolen import (
    EVERYTHING,
    MARKS,
    POD,
    TO_ITSELF,
    Attack,
    account,
    application,
    binding,
    changed,
    creation,
    owned,
    patch,
    revocation,
    role,
    session,
)
from tests.support.cluster import kubectl, run_kubectl, with_token

OWN, UNMADE = "dynamic-developers-from-jwt", "dynamic-nobody-from-jwt"
FOREIGN = "dynamic-foreign-from-jwt"
MARKED = "dynamic-marked"
DROPPED = "dynamic-dropped-from-jwt"
GOOD = binding("ClusterRoleBinding", "admin")
HELPER = binding("RoleBinding", "view", "default")
IN_USERS = ("-n", USERS)
YEAR = "--duration=8760h"

BINDINGS = {
    "for-a-user": changed(GOOD, lambda b: b.update(subjects=[{"kind": "User", "name": "mallory"}])),
    "for-the-program-itself": changed(GOOD, lambda b: b.update(subjects=TO_ITSELF)),
    "for-two": changed(GOOD, lambda b: b["subjects"].extend(TO_ITSELF)),
    "for-nobody-yet": changed(GOOD, lambda b: b.pop("subjects")),
    "for-another-person": changed(GOOD, lambda b: b["subjects"][0].update(name="jane")),
    "in-another-namespace": changed(GOOD, lambda b: b["subjects"][0].update(namespace="default")),
    "without-mark": changed(GOOD, lambda b: b["metadata"].pop("labels")),
    "without-owner": changed(GOOD, lambda b: b["metadata"].pop("ownerReferences")),
    "with-a-second-owner": changed(
        GOOD,
        lambda b: b["metadata"]["ownerReferences"].append(
            {"apiVersion": "v1", "kind": "Namespace", "name": "default", "uid": "1"}
        ),
    ),
    "of-a-namespace-on-the-cluster": binding("ClusterRoleBinding", "view"),
    "of-the-cluster-in-a-namespace": binding("RoleBinding", "admin", "kube-system"),
    "in-a-namespace-not-named": binding("RoleBinding", "view", "kube-system"),
}
ROLES = {
    "of-somebody-else-by-that-name": role(FOREIGN),
    "with-every-right": role(OWN, EVERYTHING),
    "with-one-right-more": role(OWN, [*role(OWN)["rules"], *EVERYTHING]),
    "without-mark": changed(role(UNMADE), lambda r: r["metadata"].pop("labels")),
    "that-joins-admin": changed(
        role(OWN),
        lambda r: r["metadata"]["labels"].update(
            {"rbac.authorization.k8s.io/aggregate-to-admin": "true"}
        ),
    ),
    "made-of-others": role(OWN) | {"aggregationRule": {"clusterRoleSelectors": [{}]}},
}
ACCOUNTS = {
    "without-mark": changed(account(), lambda a: a["metadata"].pop("labels")),
    "without-owner": changed(account(), lambda a: a["metadata"].pop("ownerReferences")),
    "of-another-name": account("default2"),
    "for-pods": changed(account(), lambda a: a.pop("automountServiceAccountToken")),
}
SESSIONS = {
    "without-mark": changed(session(), lambda s: s["metadata"].pop("labels")),
    "without-owner": changed(session(), lambda s: s["metadata"].pop("ownerReferences")),
    "with-data": session() | {"stringData": {"a": "b"}},
    "that-is-a-token-for-ever": changed(
        session() | {"type": "kubernetes.io/service-account-token"},
        lambda s: s["metadata"].update(
            annotations={"kubernetes.io/service-account.name": "foreign"}
        ),
    ),
}
ADOPTION = {"metadata": {"ownerReferences": owned("", "")["metadata"]["ownerReferences"]}}

REFUSED_BY_POLICY = [
    *(pytest.param(creation(b, "bindings"), id=f"a-binding-{i}") for i, b in BINDINGS.items()),
    *(pytest.param(application(r), id=f"a-role-{i}") for i, r in ROLES.items()),
    *(
        pytest.param(creation(a, "service-accounts"), id=f"account-{i}")
        for i, a in ACCOUNTS.items()
    ),
    pytest.param(
        Attack(("delete", "clusterrolebinding", "foreign"), "bindings"), id="delete-a-binding"
    ),
    pytest.param(
        Attack(("delete", "rolebinding", "foreign", "-n", "default"), "bindings"),
        id="delete-a-binding-in-a-namespace",
    ),
    pytest.param(
        Attack(("delete", "serviceaccount", "foreign", *IN_USERS), "service-accounts"),
        id="delete-a-service-account",
    ),
    *(pytest.param(creation(s, "sessions"), id=f"session-{i}") for i, s in SESSIONS.items()),
    pytest.param(
        Attack(("delete", "secret", "foreign", *IN_USERS), "sessions"), id="delete-a-secret"
    ),
    pytest.param(
        creation(revocation("extension-apiserver-authentication"), "revocations"),
        id="a-config-map-that-is-no-revocation",
    ),
    pytest.param(
        Attack(("delete", "configmap", "foreign", *IN_USERS), "revocations"),
        id="delete-a-config-map",
    ),
    pytest.param(
        Attack(("delete", "clusterrole", "view"), "cluster-roles"), id="delete-a-built-in-role"
    ),
    pytest.param(
        Attack(("delete", "clusterrole", FOREIGN), "cluster-roles"),
        id="delete-a-role-of-somebody-else-by-that-name",
    ),
    pytest.param(
        Attack(("delete", "clusterrole", MARKED), "cluster-roles"),
        id="delete-a-role-that-bears-the-marks-but-not-the-name",
    ),
    pytest.param(
        Attack(("create", "token", "default", *IN_USERS), "tokens"), id="token-of-the-default"
    ),
    pytest.param(
        Attack(("create", "token", "foreign", *IN_USERS), "tokens"), id="token-of-no-session"
    ),
    pytest.param(
        Attack(("create", "token", "foreign", *IN_USERS, YEAR), "tokens"), id="long-token"
    ),
]
REFUSED_BY_BOTH = [
    pytest.param(
        creation(binding("ClusterRoleBinding", "cluster-admin"), "bindings", by_rights=True),
        id="cluster-admin",
    ),
    pytest.param(
        creation(
            changed(HELPER, lambda b: b["roleRef"].update(kind="Role")), "bindings", by_rights=True
        ),
        id="a-role-that-is-no-cluster-role",
    ),
    pytest.param(
        patch("clusterrolebinding", "foreign", ADOPTION, "bindings"), id="adopt-a-binding"
    ),
    pytest.param(
        patch("serviceaccount", "foreign", ADOPTION, "service-accounts", *IN_USERS),
        id="adopt-a-service-account",
    ),
    pytest.param(application(role("view", EVERYTHING), by_rights=True), id="widen-a-built-in"),
    pytest.param(
        application(role("another-from-jwt"), by_rights=True), id="a-role-not-of-the-policy"
    ),
    pytest.param(
        patch("clusterrole", FOREIGN, {"metadata": {"labels": MARKS}}, "cluster-roles"),
        id="mark-a-role-of-somebody-else",
    ),
    pytest.param(
        creation(account(namespace="kube-system"), "service-accounts", by_rights=True),
        id="an-account-elsewhere",
    ),
    pytest.param(
        Attack(("create", "token", "default", "-n", "kube-system"), "tokens", by_rights=True),
        id="a-token-elsewhere",
    ),
]
REFUSED_BY_RIGHTS = [
    pytest.param(creation(POD, ""), id="a-pod-among-the-accounts"),
    pytest.param(Attack(("get", "secrets", "-A")), id="secrets"),
    pytest.param(Attack(("get", "secrets", "-n", "kube-system")), id="secrets-elsewhere"),
    pytest.param(Attack(("get", "pods", "-A")), id="what-its-own-roles-would-give"),
    pytest.param(Attack(("get", "nodes", "--as=admin")), id="impersonation"),
    pytest.param(
        Attack(("delete", "validatingadmissionpolicy", "--all")), id="delete-the-admission-policies"
    ),
]


@pytest.fixture(scope="module")
def thief(installations: dict[str, Installed]) -> Iterator[Installed]:
    """The installation with the wider rights, its token out, and others' objects in reach."""
    installed = installations["dynamic"]
    sandbox = installed.sandbox
    # The program made these if it ran before.
    kubectl(sandbox, "delete", "clusterrole", FOREIGN, UNMADE, "--ignore-not-found")
    kubectl(sandbox, "create", "clusterrolebinding", "foreign", "--clusterrole=view", "--user=u")
    kubectl(sandbox, "create", "rolebinding", "foreign", "--clusterrole=view", "--user=u")
    kubectl(sandbox, "create", "role", "view", "--verb=get", "--resource=secrets")
    kubectl(sandbox, "create", "serviceaccount", "foreign", *IN_USERS)
    kubectl(sandbox, "create", "secret", "generic", "foreign", *IN_USERS)
    kubectl(sandbox, "create", "configmap", "foreign", *IN_USERS)
    kubectl(sandbox, "create", "clusterrole", FOREIGN, "--verb=get", "--resource=services")
    for name in (OWN, MARKED, DROPPED):
        kubectl(sandbox, "apply", body=role(name))
    yield installed
    kubectl(sandbox, "delete", "clusterrolebinding/foreign", f"clusterrole/{OWN}")
    kubectl(sandbox, "delete", f"clusterrole/{MARKED}", f"clusterrole/{DROPPED}")
    kubectl(sandbox, "delete", "clusterrole", FOREIGN)
    kubectl(sandbox, "delete", "rolebinding/foreign", "role/view")
    kubectl(
        sandbox,
        "delete",
        "serviceaccount/foreign",
        "secret/foreign",
        "configmap/foreign",
        *IN_USERS,
    )


@pytest.fixture(scope="module")
def stolen(thief: Installed) -> str:
    return thief.token()


@pytest.mark.parametrize("attack", REFUSED_BY_POLICY)
def test_what_rbac_must_allow_is_refused_by_an_admission_policy(
    thief: Installed, stolen: str, attack: Attack, tmp_path: Path
) -> None:
    refused = with_token(thief.sandbox, stolen, *attack.command(tmp_path))
    assert f"ValidatingAdmissionPolicy '{thief.name}-{attack.policy}'" in refused.stderr


@pytest.mark.parametrize("attack", [*REFUSED_BY_BOTH, *REFUSED_BY_RIGHTS])
def test_what_rbac_need_not_allow_is_refused_by_rbac(
    thief: Installed, stolen: str, attack: Attack, tmp_path: Path
) -> None:
    refused = with_token(thief.sandbox, stolen, *attack.command(tmp_path))
    assert refused.returncode == 1
    assert "forbidden" in refused.stderr.lower()
    assert "ValidatingAdmissionPolicy" not in refused.stderr


@pytest.mark.parametrize("attack", REFUSED_BY_BOTH)
def test_the_policies_hold_even_if_somebody_made_the_program_an_administrator(
    thief: Installed, attack: Attack, tmp_path: Path
) -> None:
    refused = _as_administrator(thief.sandbox, thief.username, attack.command(tmp_path))
    assert f"ValidatingAdmissionPolicy '{thief.name}-{attack.policy}'" in refused


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(GOOD, id="a-binding"),
        pytest.param(HELPER, id="a-binding-in-a-namespace"),
        pytest.param(account(), id="a-service-account"),
        pytest.param(session(), id="a-session"),
        pytest.param(revocation(), id="a-revocation"),
    ],
)
def test_what_the_attacks_are_made_of_is_allowed(
    thief: Installed, stolen: str, body: dict[str, object], tmp_path: Path
) -> None:
    command = creation(body, "").command(tmp_path)
    done = with_token(thief.sandbox, stolen, *command, "--dry-run=server")
    assert done.returncode == 0, done.stderr


def test_a_role_as_configured_is_allowed(thief: Installed, stolen: str, tmp_path: Path) -> None:
    command = application(role(OWN)).command(tmp_path)
    done = with_token(thief.sandbox, stolen, *command, "--dry-run=server")
    assert done.returncode == 0, done.stderr


def test_a_role_of_an_earlier_policy_may_be_deleted(thief: Installed, stolen: str) -> None:
    command = ("delete", "clusterrole", DROPPED, "--dry-run=server")
    done = with_token(thief.sandbox, stolen, *command)
    assert done.returncode == 0, done.stderr


def test_without_dynamic_roles_the_program_writes_no_role_at_all(
    installations: dict[str, Installed], tmp_path: Path
) -> None:
    static = installations["static"]
    command = application(role("static-developers-from-jwt")).command(tmp_path)
    by_rights = with_token(static.sandbox, static.token(), *command)
    assert 'cannot patch resource "clusterroles"' in by_rights.stderr
    by_policy = _as_administrator(static.sandbox, static.username, command)
    assert f"ValidatingAdmissionPolicy '{static.name}-cluster-roles'" in by_policy
    kubectl(static.sandbox, "apply", body=role("static-developers-from-jwt"))
    deletion = ["delete", "clusterrole", "static-developers-from-jwt"]
    by_rights = with_token(static.sandbox, static.token(), *deletion)
    assert 'cannot delete resource "clusterroles"' in by_rights.stderr
    by_policy = _as_administrator(static.sandbox, static.username, deletion)
    assert f"ValidatingAdmissionPolicy '{static.name}-cluster-roles'" in by_policy


def test_nobody_else_is_confined(thief: Installed, tmp_path: Path) -> None:
    command = creation(BINDINGS["for-a-user"], "").command(tmp_path)
    refused = _as_administrator(thief.sandbox, "somebody", [*command, "--dry-run=server"])
    assert refused == ""


def _as_administrator(sandbox: Sandbox, user: str, command: list[str]) -> str:
    """What is said against a request of `user` whom RBAC allows everything."""
    connection = [
        "--kubeconfig",
        str(sandbox.kubeconfig),
        "--as",
        user,
        "--as-group=system:masters",
    ]
    return run_kubectl(sandbox, [*connection, *command], check=False).stderr
