"""Jane's part of the story, the article's: she proves who she is, gets access, and kubectl obeys."""

from jwt_to_rbac.sandbox.demo.claims import claims_of, clock, told
from jwt_to_rbac.sandbox.demo.stage import ACCOUNTS, OURS, Stage
from jwt_to_rbac.sandbox.demo.waiting import eventually

JANE = "janedoe-example-com"
_KINDS = "accessgrants,serviceaccounts,clusterroles,clusterrolebindings,rolebindings"


def tell_jane(stage: Stage) -> None:
    """All of jane's steps. She is still logged in afterwards."""
    teller = stage.teller
    with teller.step("Jane proves who she is: Dex asks the directory and signs an ID token"):
        token = _prove(stage)
    with teller.step("Jane asks for access: POST /rbac/ with her ID token"):
        _log_in(stage, token)
    with teller.step("What there is now on the cluster"):
        _show_objects(stage)
    with teller.step("Jane fetches a token for kubectl"):
        kubernetes_token = _fetch(stage, token)
    with teller.step("kubectl obeys: jane may what her groups allow, and nothing else"):
        _try(stage, kubernetes_token)
    with teller.step("Jane logs in once more with the same ID token: nothing changes"):
        _again(stage, token)


def _prove(stage: Stage) -> str:
    teller = stage.teller
    jane = stage.sandbox.people["jane"]
    teller.say(
        f"She gives {jane.email} and her password to Dex. What is in the ID token that she gets "
        f"(the token itself is not shown: whoever has it is jane):"
    )
    token = stage.sandbox.id_token("jane")
    claims = claims_of(token)
    teller.terminal.pairs(told(claims))
    teller.sure(
        "the directory's groups are in it", claims["groups"] == ["admins", "developers"], claims
    )
    return token


def _log_in(stage: Stage, token: str) -> None:
    teller = stage.teller
    teller.command(
        "jane", f'curl {stage.server}/rbac/ -X POST --data \'{{"token": "<her ID token>"}}\''
    )
    answer = stage.call("POST", "/rbac/", body={"token": token})
    teller.terminal.block(answer.line + "\n" + answer.pretty())
    teller.sure("it was answered with 201 Created", answer.status == 201, answer.line)
    teller.say(
        "Before that the server fetched Dex's keys and verified the token's signature, issuer, "
        "audience and times. Each grant names the rule of the policy that gave it."
    )
    said = answer.json()
    teller.sure(f"she is {JANE} here", said["ServiceAccount"] == JANE, said)


def _show_objects(stage: Stage) -> None:
    teller, admin = stage.teller, stage.admin
    admin.do("wait", f"accessgrant/{JANE}", "--for=condition=Ready", "--timeout=15s")
    _shown(stage, "accessgrants")
    _shown(stage, "serviceaccounts", *ACCOUNTS, *OURS)
    _shown(stage, "clusterroles", *OURS)
    _shown(stage, "clusterrolebindings", *OURS)
    bindings = [f"{JANE}-admin-binding", f"{JANE}-developers-from-jwt-binding"]
    found = admin.get("clusterrolebindings", *OURS)["items"]
    teller.sure(
        "there are the two bindings that the policy gives, and no other",
        [item["metadata"]["name"] for item in found] == bindings,
        found,
    )
    owners = [item["metadata"]["ownerReferences"][0] for item in found]
    teller.sure(
        f"both are owned by the AccessGrant: `kubectl delete accessgrant {JANE}` revokes everything",
        all((owner["kind"], owner["name"]) == ("AccessGrant", JANE) for owner in owners),
        owners,
    )


def _shown(stage: Stage, *what: str) -> None:
    command = ("get", *what)
    stage.teller.command("admin", f"kubectl {' '.join(command)}")
    stage.teller.terminal.block(stage.admin.do(*command))


def _fetch(stage: Stage, id_token: str) -> str:
    teller = stage.teller
    teller.command(
        "jane", f'curl {stage.server}/tokens/{JANE} -H "Authorization: Bearer <her ID token>"'
    )
    token = stage.fetch_token(JANE, id_token)
    claims = claims_of(token)
    teller.terminal.pairs({"sub": claims["sub"], "exp": clock(claims["exp"])})
    mine = f"system:serviceaccount:{ACCOUNTS[1]}:{JANE}"
    teller.sure(
        "it is a ServiceAccount token, signed by the cluster itself", claims["sub"] == mine, claims
    )
    teller.sure(
        f"it is good for {(claims['exp'] - claims['iat']) // 60} minutes",
        claims["exp"] - claims["iat"] <= 3600 + 10,
        claims,
    )
    john = stage.sandbox.id_token("john")
    refused = stage.call("GET", f"/tokens/{JANE}", bearer=john)
    teller.sure("john is refused a token of hers", refused.status == 403, refused.line)
    return token


def _try(stage: Stage, token: str) -> None:
    jane = stage.become("jane", token)
    teller = stage.teller
    teller.say("This kubectl has nothing but her token, and goes straight to the API server:")
    teller.command("jane", "kubectl auth whoami")
    # Of five lines the two that tell it: the head, and her name.
    teller.terminal.block("\n".join(jane.do("auth", "whoami").splitlines()[:2]))
    stage.may(jane, "get pods --all-namespaces", named="jane")
    stage.may(jane, "create configmap hers --namespace default --dry-run=server", named="jane")
    teller.say("The ClusterRole admin ends at what belongs to the cluster as a whole:")
    stage.may_not(jane, "get nodes", named="jane")
    stage.may_not(jane, "create namespace hers --dry-run=server", named="jane")
    stage.may_not(
        jane,
        "create clusterrolebinding hers --clusterrole cluster-admin --user jane --dry-run=server",
        named="jane",
    )


def _again(stage: Stage, token: str) -> None:
    # The status follows a login by itself; only when it is written does nothing change any more.
    before = eventually(lambda: _settled(stage))
    answer = stage.call("POST", "/rbac/", body={"token": token})
    stage.teller.sure("it is answered with 201 again", answer.status == 201, answer.line)
    after = stage.admin.get(_KINDS, "--all-namespaces", *OURS)["items"]
    stage.teller.sure(f"all {len(after)} objects are as they were", after == before, "changes")


def _settled(stage: Stage) -> list[object]:
    items: list[object] = stage.admin.get(_KINDS, "--all-namespaces", *OURS)["items"]
    return items if items == stage.admin.get(_KINDS, "--all-namespaces", *OURS)["items"] else []
