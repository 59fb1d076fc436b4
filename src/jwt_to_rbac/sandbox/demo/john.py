"""John's part of the story: less than jane, a group won and lost, and everything taken away."""

from jwt_to_rbac.sandbox.demo.claims import claims_of
from jwt_to_rbac.sandbox.demo.kubectl import Kubectl
from jwt_to_rbac.sandbox.demo.stage import ACCOUNTS, OURS, Stage
from jwt_to_rbac.sandbox.demo.waiting import eventually

JOHN = "johndoe-example-com"
_WRITE = "create configmap his --namespace default --dry-run=server"
_TOKEN_CACHE = 20.0
"""The API server remembers a good token for 10 seconds; twice that is long enough to wait."""


def tell_john(stage: Stage) -> None:
    """All of john's steps. Nothing of him is left afterwards."""
    teller = stage.teller
    with teller.step("John is only a developer, and gets only that"):
        first, john = _log_in(stage)
    with teller.step("John becomes an admin in the directory, and then is none any more"):
        last = _promote_and_demote(stage, first, john)
    with teller.step("John is done: DELETE /rbac/ takes everything away"):
        _delete(stage, last, john)


def _log_in(stage: Stage) -> tuple[str, Kubectl]:
    token = stage.sandbox.id_token("john")
    _groups_are(stage, token, "developers")
    john = stage.become("john", stage.fetch_token(JOHN, token))
    stage.may(john, "get deployments --namespace default", named="john")
    stage.may_not(john, _WRITE, named="john")
    stage.may_not(john, "get secrets --namespace kube-system", named="john")
    return token, john


def _promote_and_demote(stage: Stage, token: str, john: Kubectl) -> str:
    teller, directory = stage.teller, stage.sandbox.directory_server
    teller.say("The directory puts him into admins. At his next login:")
    directory.add_to_group("john", "admins")
    promoted = _newer(stage, token)
    _groups_are(stage, promoted, "admins, developers")
    # Kubernetes' authorizer learns of a binding some milliseconds after it is there.
    eventually(lambda: john.ask(*_WRITE.split()).allowed)
    stage.may(john, _WRITE, named="john")
    teller.say("The directory takes him out again. At his next login:")
    directory.remove_from_group("john", "admins")
    demoted = _newer(stage, promoted)
    _groups_are(stage, demoted, "developers")
    eventually(lambda: not john.ask(*_WRITE.split()).allowed)
    teller.say("The very token for kubectl that he already had opens less now:")
    stage.may_not(john, _WRITE, named="john")
    teller.say("And if he shows the older ID token again, which Dex signed and is still valid:")
    _groups_are(stage, promoted, "developers")
    return demoted


def _delete(stage: Stage, token: str, john: Kubectl) -> None:
    teller = stage.teller
    teller.command(
        "john",
        f'curl {stage.server}/rbac/{JOHN} -X DELETE -H "Authorization: Bearer <his ID token>"',
    )
    answer = stage.call("DELETE", f"/rbac/{JOHN}", bearer=token)
    teller.sure("it is answered with 202 Accepted", answer.status == 202, answer.line)
    refused = john.ask("get", "pods", "--namespace", "default")
    teller.sure("his token for kubectl opens nothing from now on", not refused.allowed, refused)
    eventually(lambda: not _left(stage))
    teller.command(
        "admin",
        "kubectl get accessgrants,serviceaccounts,clusterrolebindings,rolebindings -A -o name | "
        f"grep -c {JOHN}",
    )
    left = _left(stage)
    teller.terminal.block(str(len(left)))
    teller.sure("nothing of him is left", not left, left)
    gone = eventually(lambda: not john.ask("auth", "whoami").allowed, _TOKEN_CACHE)
    said = john.ask("auth", "whoami").said
    teller.command("john", "kubectl auth whoami")
    teller.terminal.block(said)
    teller.sure("some 10 seconds later the API server doesn't know his token any more", gone, said)


def _groups_are(stage: Stage, token: str, groups: str) -> None:
    answer = stage.call("POST", "/rbac/", body={"token": token})
    seen = ", ".join(answer.json().get("Groups", [])) if answer.status == 201 else answer.text
    stage.teller.sure(f"POST /rbac/ says that his groups are: {groups}", seen == groups, seen)


def _newer(stage: Stage, than: str) -> str:
    """An ID token of a later second than the other's: their order is what counts."""
    issued = claims_of(than)["iat"]

    def try_one() -> str:
        token = stage.sandbox.id_token("john")
        return token if claims_of(token)["iat"] > issued else ""

    token = eventually(try_one)
    stage.teller.sure("Dex issues a newer ID token", token)
    return token


def _left(stage: Stage) -> list[str]:
    kinds = "accessgrants,clusterrolebindings,rolebindings"
    found = stage.admin.names(kinds, "--all-namespaces", *OURS)
    found += stage.admin.names("serviceaccounts", *ACCOUNTS, *OURS)
    return [name for name in found if JOHN in name]
