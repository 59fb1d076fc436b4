"""Everything that the program does on a cluster, once: the article's steps, and all that may be in the way."""

import base64
import json
import time
import urllib.error
import urllib.request

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.rights.installation import USERS, Installed
from tests.support.cluster import get, kubectl, names, remember_revocation, with_token
from tests.support.dex import later_id_token
from tests.support.visits import cookie, visit
from tests.support.waiting import eventually

GROUPS = ["admins", "developers", "helpers", "testers"]
DROPPED = "dynamic-dropped-from-jwt"
BINDINGS = "clusterrolebindings,rolebindings"
CANT_BE_TOLD = "This can't be told now"
"""What the page of a person says instead of what happened lately."""

A_MONTH = 31 * 24 * 3600
"""Seconds: a revocation of then is forgotten."""


def walk(installed: Installed) -> None:
    """Every step must succeed; whoever calls this looks at what the API server was asked."""
    sandbox, folder = installed.sandbox, installed.folder
    _obstacles(installed)
    with installed.running() as client:
        if installed.mode == "dynamic":
            assert eventually(lambda: DROPPED not in names(sandbox, "clusterroles"), 20)
        _the_article(sandbox, client)
        _a_life(installed, client)
        _others_in_the_way(installed, client)
        kubernetes_caller(sandbox, client)
        if installed.web:
            assert CANT_BE_TOLD not in administrators_page(
                installed, client, f"{installed.mode}-keeper"
            )
        forgotten = _forgotten(installed.mode)
        assert eventually(lambda: forgotten not in names(sandbox, "configmaps", "-n", USERS), 30)
    assert not names(sandbox, "accessgrants", "-l", "generatedby=jwttorbac"), folder


def _obstacles(installed: Installed) -> None:
    """What others left under the names that the program would take first."""
    sandbox, mode = installed.sandbox, installed.mode
    theirs = ("--clusterrole=view", "--user=somebody")
    kubectl(sandbox, "create", "clusterrolebinding", f"{mode}-example-com-admin-binding", *theirs)
    kubectl(sandbox, "create", "rolebinding", f"{mode}-example-com-view-binding", *theirs)
    kubectl(sandbox, "apply", body=someone_elses_grant(f"{mode}-taken-example-com"))
    remember_revocation(sandbox, _forgotten(mode), time.time() - A_MONTH)
    if mode == "dynamic":
        # Of its roles one is missing, one was made by it and changed by somebody, and one is of
        # an earlier policy.
        role = f"{mode}-testers-from-jwt"
        marks = ("generatedby=jwttorbac", "app.kubernetes.io/managed-by=jwt-to-rbac")
        for name in (role, DROPPED):
            kubectl(sandbox, "delete", "clusterrole", name, "--ignore-not-found")
            kubectl(sandbox, "create", "clusterrole", name, "--verb=get", "--resource=services")
            kubectl(sandbox, "label", "clusterrole", name, *marks)


def someone_elses_grant(name: str) -> dict[str, object]:
    return {
        "apiVersion": "jwt-to-rbac.io/v1alpha1",
        "kind": "AccessGrant",
        "metadata": {"name": name},
        "spec": {
            "subject": {"issuer": "https://another", "subject": "s", "username": "somebody"},
            "serviceAccount": {"namespace": USERS, "name": name},
            "claimsIssuedAt": "2026-01-01T00:00:00Z",
        },
    }


def _forgotten(mode: str) -> str:
    return f"revoked-{mode}"


def _the_article(sandbox: Sandbox, client: Client) -> None:
    """Jane proves who she is to Dex, logs in, fetches a token, uses it, and logs out."""
    jane, account = later_id_token(sandbox, "jane"), "janedoe-example-com"
    assert client.log_in(jane).status == 201
    kubectl(sandbox, "wait", f"ag/{account}", "--for=condition=Ready", "--timeout=10s")
    token = _token(client, account, jane)
    assert with_token(sandbox, token, "get", "pods", "-A").returncode == 0
    assert "Forbidden" in with_token(sandbox, token, "get", "nodes").stderr
    assert client.call("DELETE", f"/rbac/{account}", bearer=jane).status == 202
    assert with_token(sandbox, token, "get", "pods", "-A").returncode == 1


def _a_life(installed: Installed, client: Client) -> None:
    """Somebody in every group loses all but one."""
    sandbox, account = installed.sandbox, f"{installed.mode}-example-com"
    now = int(time.time())
    before = installed.issuer.token(installed.mode, groups=GROUPS, iat=now - 5)
    after = installed.issuer.token(installed.mode, groups=["developers"], iat=now)
    assert client.log_in(before).status == 201
    assert grants(sandbox, account) == [
        ("", "admin"),
        ("", f"{installed.mode}-developers-from-jwt"),
        ("", f"{installed.mode}-testers-from-jwt"),
        ("default", "view"),
    ]
    role = get(sandbox, "clusterrole", f"{installed.mode}-testers-from-jwt")
    assert role["rules"][0]["resources"] == ["pods"], "a drifted role was not mended"
    assert client.log_in(after).status == 201
    assert grants(sandbox, account) == [("", f"{installed.mode}-developers-from-jwt")]
    assert _token(client, account, after)
    session(client, account, after)
    assert client.call("DELETE", f"/rbac/{account}", bearer=after).status == 202


def session(client: Client, account: str, id_token: str) -> None:
    """Begun, renewed for longer, ended."""
    path = "/api/v1/sessions"
    begun = client.call("POST", path, {"duration": "20m"}, id_token)
    wish = {"session": begun.json()["name"], "duration": "1h"}
    assert client.call("POST", path, wish, id_token).status == 201
    ended = f"/api/v1/people/{account}/sessions/{begun.json()['name']}"
    assert client.call("DELETE", ended, bearer=id_token).status == 202
    assert client.call("POST", f"/tokens/{account}", {}, id_token).status == 201


def _others_in_the_way(installed: Installed, client: Client) -> None:
    """A name that another identity holds is not taken; an account that lost its owner isn't either."""
    name, sandbox = f"{installed.mode}-taken", installed.sandbox
    token = installed.issuer.token(name, groups=["developers"])
    account = client.log_in(token).json()["ServiceAccount"]
    assert account.startswith(f"{name}-example-com-")
    removal = json.dumps([{"op": "remove", "path": "/metadata/ownerReferences"}])
    orphan = ("serviceaccount", account, "-n", USERS)
    kubectl(sandbox, "patch", *orphan, "--type=json", "-p", removal)
    assert eventually(lambda: client.log_in(token).json().get("code") == "name_taken")
    kubectl(sandbox, "delete", *orphan)
    assert client.call("DELETE", f"/rbac/{account}", bearer=token).status == 202


def kubernetes_caller(sandbox: Sandbox, client: Client) -> None:
    asked = ("create", "token", "default", "-n", "default", "--audience=jwt-to-rbac")
    stranger = kubectl(sandbox, *asked).strip()
    assert client.call("GET", "/rbac", bearer=stranger).status == 403


def administrators_page(installed: Installed, client: Client, person: str) -> str:
    """The web app's page of a person, as somebody sees it who may see people: oneself, for once."""
    sandbox = installed.sandbox
    token = installed.issuer.token(person, groups=["developers"])
    account = client.log_in(token).json()["ServiceAccount"]
    sees = ("--verb=get,list", "--resource=accessgrants.jwt-to-rbac.io")
    kubectl(sandbox, "create", "clusterrole", person, *sees)
    whom = (f"--clusterrole={person}", f"--serviceaccount={USERS}:{account}")
    kubectl(sandbox, "create", "clusterrolebinding", person, *whom)
    seen = visit(installed.issuer.url, f"sub-{person}", account)
    headers = {"Cookie": cookie([installed.session_key], seen)}
    url = f"{client.server.url}/web/administration/people/{account}"

    def shown() -> str:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as page:
                text: str = page.read().decode()
                return text
        except urllib.error.HTTPError as refused:
            refused.close()
            return ""

    text = eventually(shown)
    assert "What happened lately" in text
    for kind in ("clusterrolebinding", "clusterrole"):
        kubectl(sandbox, "delete", kind, person)
    assert client.call("DELETE", f"/rbac/{account}", bearer=token).status == 202
    return text


def _token(client: Client, account: str, id_token: str) -> str:
    answer = client.call("GET", f"/tokens/{account}", bearer=id_token)
    assert answer.status == 200, answer.text
    return base64.b64decode(answer.json()[0]["data"]["token"]).decode()


def grants(sandbox: Sandbox, account: str) -> list[tuple[str, str]]:
    """(namespace, ClusterRole) of every binding whose subject is this account."""
    return sorted(
        (one["metadata"].get("namespace", ""), one["roleRef"]["name"])
        for one in get(sandbox, BINDINGS, "-A")["items"]
        if [account] == [s["name"] for s in one.get("subjects", ())]
    )
