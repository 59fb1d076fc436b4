"""A revocation never un-happens: no ID token from before opens anything, at any replica, ever again."""

import asyncio
import base64
import json
import os
import secrets
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path

import aiohttp
import pytest

from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.kube.revocations import name_of
from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import (
    clear,
    get,
    install,
    kubectl,
    names,
    remember_revocation,
    with_token,
)
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet

USERS = "jwt-to-rbac-users"
RACES = 20
REVOCATIONS = int(os.environ.get("REVOCATIONS", "50"))
"""How many revocations are timed; REVOCATIONS=500 for a p99 that means more."""

DYING = 10
"""The last so many are followed until the token itself is dead."""


@pytest.fixture(scope="module")
def replicas(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Client]]:
    """Two, of which one leads."""
    install(sandbox)
    clear(sandbox)
    with ExitStack() as stack:
        found = []
        for _ in range(2):
            folder = tmp_path_factory.mktemp("replica")
            config = pod_configuration(folder / "audit", {issuer.url: AUDIENCE})
            server = stack.enter_context(
                installed_server(sandbox, config, folder, controllers=True)
            )
            found.append(Client(server, folder / "audit"))
        leads = "\njwt_to_rbac_leader 1.0\n"
        assert eventually(
            lambda: any(leads in one.call("GET", "/metrics").text for one in found), 15
        )
        yield found
    clear(sandbox)


def somebody() -> str:
    return f"r{secrets.token_hex(5)}"


def account_of(name: str) -> str:
    return f"{name}-example-com"


def left(sandbox: Sandbox, account: str) -> list[str]:
    """What there is of somebody on the cluster."""
    bindings = get(sandbox, "clusterrolebindings,rolebindings", "-A")["items"]
    return [
        *(one for one in names(sandbox, "accessgrants") if one == account),
        *(one for one in names(sandbox, "serviceaccounts", "-n", USERS) if one == account),
        *(
            binding["metadata"]["name"]
            for binding in bindings
            if account in [subject["name"] for subject in binding.get("subjects", ())]
        ),
    ]


def later_token(issuer: ManyPeople, name: str) -> str:
    """One that was issued after a revocation of this very moment: its second is refused whole."""
    return issuer.token(name, iat=issuer.now() + 2)


def test_a_token_from_before_a_revocation_never_logs_in_again_and_a_new_one_does(
    sandbox: Sandbox, replicas: list[Client], issuer: ManyPeople
) -> None:
    first, second = replicas
    name = somebody()
    old, unused = issuer.token(name), issuer.token(name, nonce="never shown before")
    assert first.log_in(old).status == 201
    assert first.call("DELETE", f"/rbac/{account_of(name)}", bearer=old).status == 202
    assert left(sandbox, account_of(name)) == []
    for replica in (first, second):
        for token in (old, unused):
            refused = replica.log_in(token)
            assert (refused.status, refused.json()["code"]) == (401, "token_revoked")
            assert "Log in anew" in refused.json()["detail"]
            asked = replica.call("GET", f"/tokens/{account_of(name)}", bearer=token)
            assert asked.status == 401
    assert left(sandbox, account_of(name)) == []
    new = later_token(issuer, name)
    assert second.log_in(new).status == 201
    # And the old one is nobody's any more, now that there is an account again.
    assert first.log_in(old).json()["code"] == "token_revoked"
    assert first.call("DELETE", f"/rbac/{account_of(name)}", bearer=old).status == 401
    assert second.call("DELETE", f"/rbac/{account_of(name)}", bearer=new).status == 202


def test_an_access_grant_that_was_deleted_by_hand_is_a_revocation(
    sandbox: Sandbox, replicas: list[Client], issuer: ManyPeople
) -> None:
    name = somebody()
    old = issuer.token(name, iat=issuer.now() - 5)
    assert replicas[0].log_in(old).status == 201
    kubectl(sandbox, "delete", "accessgrant", account_of(name))
    assert eventually(lambda: replicas[1].log_in(old).status == 401)
    assert eventually(lambda: left(sandbox, account_of(name)) == [])
    assert all(one.log_in(old).json()["code"] == "token_revoked" for one in replicas)
    assert replicas[0].log_in(later_token(issuer, name)).status == 201


def test_a_revocation_outlives_a_restart(
    sandbox: Sandbox, replicas: list[Client], issuer: ManyPeople, tmp_path: Path
) -> None:
    name = somebody()
    old = issuer.token(name)
    assert replicas[0].log_in(old).status == 201
    assert replicas[0].call("DELETE", f"/rbac/{account_of(name)}", bearer=old).status == 202
    config = pod_configuration(tmp_path / "audit", {issuer.url: AUDIENCE})
    with installed_server(sandbox, config, tmp_path) as server:
        assert Client(server, tmp_path / "audit").log_in(old).json()["code"] == "token_revoked"


def test_a_not_before_that_is_written_by_hand_refuses_tokens_from_before(
    sandbox: Sandbox, replicas: list[Client], issuer: ManyPeople
) -> None:
    name, now = somebody(), issuer.now()
    old, new = issuer.token(name, iat=now - 5), issuer.token(name, iat=now)
    assert replicas[0].log_in(old).status == 201
    patch = json.dumps({"spec": {"notBefore": rfc3339(now)}})
    kubectl(sandbox, "patch", "accessgrant", account_of(name), "--type=merge", "-p", patch)
    assert eventually(lambda: left(sandbox, account_of(name)) == [account_of(name)])
    assert all(one.log_in(old).json()["code"] == "token_revoked" for one in replicas)
    assert replicas[1].log_in(new).status == 201


@pytest.mark.parametrize("by_hand", [False, True], ids=["by the API", "by kubectl"])
def test_what_was_refused_before_an_access_grant_was_deleted_stays_refused_after(
    sandbox: Sandbox, replicas: list[Client], issuer: ManyPeople, by_hand: bool
) -> None:
    name, now = somebody(), issuer.now()
    old, new = issuer.token(name, iat=now), issuer.token(name, iat=now + 5)
    assert replicas[0].log_in(old).status == 201
    patch = json.dumps({"spec": {"notBefore": rfc3339(now + 3600)}})
    kubectl(sandbox, "patch", "accessgrant", account_of(name), "--type=merge", "-p", patch)
    assert eventually(lambda: left(sandbox, account_of(name)) == [account_of(name)])
    if by_hand:
        kubectl(sandbox, "delete", "accessgrant", account_of(name))
    else:
        kubectl(
            sandbox,
            "create",
            "clusterrolebinding",
            name,
            "--clusterrole=cluster-admin",
            f"--serviceaccount=default:{name}",
        )
        kubectl(sandbox, "create", "serviceaccount", name)
        admin = kubectl(sandbox, "create", "token", name, "--audience=jwt-to-rbac").strip()
        path = f"/api/v1/people/{account_of(name)}"
        assert replicas[0].call("DELETE", path, bearer=admin).status == 202
        kubectl(sandbox, "delete", "clusterrolebinding", name)
    it = name_of(Identity(issuer.url, f"sub-{name}"))
    assert eventually(lambda: it in names(sandbox, "configmaps", "-n", USERS))
    assert all(one.log_in(new).json()["code"] == "token_revoked" for one in replicas)


def test_a_revocation_that_somebody_made_illegible_refuses_everything(
    sandbox: Sandbox, replicas: list[Client], issuer: ManyPeople
) -> None:
    name = somebody()
    old = issuer.token(name)
    assert replicas[0].log_in(old).status == 201
    assert replicas[0].call("DELETE", f"/rbac/{account_of(name)}", bearer=old).status == 202
    it = ("configmap", name_of(Identity(issuer.url, f"sub-{name}")), "-n", USERS)
    kubectl(sandbox, "patch", *it, "--type=merge", "-p", '{"data": {"notBefore": "yesterday"}}')
    new = later_token(issuer, name)
    assert eventually(lambda: replicas[0].log_in(new).status == 401)
    kubectl(sandbox, "delete", *it)
    assert eventually(lambda: replicas[0].log_in(new).status == 201)


OF_A_GROUP = (
    "{{range .items}}{{$name := .metadata.name}}{{range .spec.subject.groups}}"
    '{{if eq . "GROUP"}}{{$name}}\n{{end}}{{end}}{{end}}'
)
"""What docs/operations.md tells to ask kubectl for."""


def test_kubectl_alone_ends_a_session_and_revokes_a_group(
    sandbox: Sandbox, replicas: list[Client], issuer: ManyPeople
) -> None:
    club, people, other = somebody(), [somebody() for _ in range(2)], somebody()
    tokens = {one: issuer.token(one, groups=["developers", club]) for one in people}
    tokens[other] = issuer.token(other, groups=["developers"])
    begun = [
        replicas[0].call("POST", "/api/v1/sessions", {}, one).json() for one in tokens.values()
    ]
    kubectl(sandbox, "delete", "secret", begun[0]["name"], "-n", USERS)
    ended = time.monotonic()
    asked = ("auth", "whoami")
    assert eventually(lambda: with_token(sandbox, begun[0]["token"], *asked).returncode != 0, 15)
    assert time.monotonic() - ended < 12
    again = {"session": begun[0]["name"]}
    answer = replicas[1].call("POST", "/api/v1/sessions", again, tokens[people[0]])
    assert answer.json()["code"] == "session_ended"
    template = OF_A_GROUP.replace("GROUP", club)
    found = kubectl(sandbox, "get", "accessgrants", "-o", f"go-template={template}").split()
    assert sorted(found) == sorted(map(account_of, people))
    kubectl(sandbox, "delete", "accessgrant", *found)
    assert eventually(lambda: not any(left(sandbox, one) for one in found))
    assert all(replicas[0].log_in(tokens[one]).status == 401 for one in people)
    assert replicas[0].log_in(tokens[other]).status == 201


async def test_a_login_that_races_a_revocation_leaves_nothing(
    sandbox: Sandbox, replicas: list[Client], issuer: ManyPeople
) -> None:
    """The same token is shown again and again at one replica while it is revoked at the other."""
    names_ = [somebody() for _ in range(RACES)]
    async with aiohttp.ClientSession() as http:
        await asyncio.gather(*(race(http, replicas, name, issuer.token(name)) for name in names_))
    accounts = [account_of(name) for name in names_]
    remains = {one: left(sandbox, one) for one in accounts}
    eventually(lambda: not any(left(sandbox, one) for one, rest in remains.items() if rest))
    assert {one: rest for one in accounts if (rest := left(sandbox, one))} == {}


async def race(http: aiohttp.ClientSession, replicas: list[Client], name: str, token: str) -> None:
    here, there = (one.server.url for one in replicas)

    async def log_in(url: str) -> int:
        async with http.post(f"{url}/rbac/", json={"token": token}) as answer:
            await answer.read()
            return answer.status

    async def revoke() -> None:
        url = f"{here}/rbac/{account_of(name)}"
        async with http.delete(url, headers=bearer(token)) as answer:
            assert answer.status == 202, await answer.text()
            revoked.set()

    async def again_and_again() -> None:
        ended = False
        while not ended:
            ended = revoked.is_set()  # One more after it was acknowledged.
            status = await log_in(there)
            assert not ended or status == 401

    revoked = asyncio.Event()
    assert await log_in(here) == 201
    await asyncio.gather(revoke(), again_and_again(), again_and_again())


async def test_after_a_revocation_the_next_request_is_refused_at_once_and_the_token_soon_dies(
    sandbox: Sandbox, replicas: list[Client], issuer: ManyPeople
) -> None:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    pods = f"{sandbox.api_server}/api/v1/pods?limit=1"
    took, dying = [], []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as http:

        async def dead(token: str, began: float) -> float:
            """How long Kubernetes took this token for somebody's."""
            while await status_of(http.get(pods, headers=bearer(token))) != 401:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
            return time.monotonic() - began

        for n in range(REVOCATIONS):
            name = somebody()
            id_token = issuer.token(name)
            assert replicas[0].log_in(id_token).status == 201
            path = f"/tokens/{account_of(name)}"
            issued = replicas[0].call("GET", path, bearer=id_token).json()[0]
            token = base64.b64decode(issued["data"]["token"]).decode()
            assert await status_of(http.get(pods, headers=bearer(token))) == 200
            began = time.monotonic()
            url = f"{replicas[0].server.url}/rbac/{account_of(name)}"
            revoking = asyncio.create_task(status_of(http.delete(url, headers=bearer(id_token))))
            while await status_of(http.get(pods, headers=bearer(token))) == 200:
                pass
            took.append(time.monotonic() - began)
            assert await revoking == 202
            if n >= REVOCATIONS - DYING:
                dying.append(asyncio.create_task(dead(token, time.monotonic())))
        died = await asyncio.gather(*dying)
    took.sort()
    sys.stdout.write(
        f"from asking to the first refusal, of {REVOCATIONS}: median {took[REVOCATIONS // 2]:.3f} s, "
        f"p99 {took[REVOCATIONS * 99 // 100]:.3f} s; the token was dead after {max(died):.1f} s\n"
    )
    # All of them where the machine has nothing else to do; most of them on any.
    assert took[REVOCATIONS // 2] < 0.25
    assert max(died) < 11


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def status_of(
    request: AbstractAsyncContextManager[aiohttp.ClientResponse],
) -> int:
    async with request as answer:
        await answer.read()
        return answer.status


def test_old_revocations_are_deleted_and_the_tokens_that_they_are_about_stay_refused(
    sandbox: Sandbox, replicas: list[Client], issuer: ManyPeople, tmp_path: Path
) -> None:
    month = 31 * 24 * 3600
    name, then = somebody(), issuer.now() - month
    it = name_of(Identity(issuer.url, f"sub-{name}"))
    remember_revocation(sandbox, it, then)
    folder = tmp_path / "next"
    folder.mkdir()
    config = pod_configuration(folder / "audit", {issuer.url: AUDIENCE})
    with installed_server(sandbox, config, folder, controllers=True) as server:
        following = Client(server, folder / "audit")
        for one in replicas:
            one.server.process.terminate()
            one.server.process.wait(20)
        assert eventually(lambda: it not in names(sandbox, "configmaps", "-n", USERS), 15)
        refused = following.log_in(issuer.token(name, iat=then - 1, exp=issuer.now() + 60))
        assert refused.json()["code"] == "token_expired"
        assert "30 days" in refused.json()["detail"]
