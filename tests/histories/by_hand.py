"""What somebody does to the cluster with kubectl, past the program: each act as a step of a history."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from jwt_to_rbac.core.times import rfc3339
from tests.histories.by_time import seconds
from tests.histories.cluster import GRANTS, RBAC, USERS, path_of
from tests.histories.person import Person
from tests.histories.playing import Deletion, Play
from tests.histories.policies import GUILD, POOL
from tests.histories.steps import Step
from tests.support.oracle.ledger import Barred, Revoked, Shown
from tests.support.oracle.revision import Key

POOLED = {"histories": "pool"}
MARKS = ("generatedby", "app.kubernetes.io/managed-by")


async def delete_the_grant(play: Play, step: Step) -> None:
    person, cluster = play.people[step.who], play.world.cluster
    async with person.beside_others():
        began = time.time()
        until = max(int(began), person.taken)
        play.end_bars(person.account, await cluster.version())
        if await cluster.delete(f"{GRANTS}/{person.account}"):
            revoked = Revoked(person.account, until, await cluster.version())
            play.deletions.append(Deletion(person.account, began, revoked))
            play.touch(person.account, began)


@asynccontextmanager
async def _grant(play: Play, step: Step) -> AsyncIterator[tuple[Person, dict[str, Any]]]:
    """The person, and their AccessGrant's spec to change; empty if there is none."""
    person, cluster = play.people[step.who], play.world.cluster
    path = f"{GRANTS}/{person.account}"
    async with person.alone():
        found = await cluster.find(path)
        spec: dict[str, Any] = found["spec"] if found else {}
        began, before = time.time(), dict(spec)
        yield person, spec
        changed = {key: value for key, value in spec.items() if value != before.get(key)}
        if not changed or not await cluster.patch(path, {"spec": changed}):
            return
        play.touch(person.account, began)
        version = await cluster.version()
        if changed.keys() & {"suspended", "expiresAt"}:
            play.ledger.barred.append(Barred(person.account, version))
        if "notBefore" in changed:
            until = person.issued_at
            play.ledger.superseded.append(Revoked(person.account, until, version))


async def suspend_by_hand(play: Play, step: Step) -> None:
    async with _grant(play, step) as (_, spec):
        if spec:
            spec["suspended"] = True


async def end_by_hand(play: Play, step: Step) -> None:
    async with _grant(play, step) as (_, spec):
        if spec:
            spec["expiresAt"] = rfc3339(time.time() - 1)


async def refuse_older_tokens_by_hand(play: Play, step: Step) -> None:
    """All until now, and those that were taken, however young."""
    async with _grant(play, step) as (person, spec):
        if spec:
            person.issued_at = max(int(time.time()), person.issued_at)
            spec["notBefore"] = rfc3339(person.issued_at + 1)


async def change_the_groups_by_hand(play: Play, step: Step) -> None:
    """As if the person's newest token had said so."""
    async with _grant(play, step) as (person, spec):
        if spec:
            spec["subject"] = spec["subject"] | {"groups": [*step.groups, play.club]}
            version = await play.world.cluster.version()
            # One that gives nothing is refused, and is in the record all the same.
            recorded = int(seconds(spec["claimsIssuedAt"]))
            for issued_at in {person.taken, person.issued_at, recorded}:
                groups = frozenset(step.groups)
                play.ledger.shown.append(Shown(person.account, issued_at, groups, version))


def _one_binding(play: Play, step: Step) -> tuple[str, Key] | None:
    account = play.people[step.who].account
    there = play.bindings_of(account)
    return (account, there[step.number % len(there)]) if there else None


async def delete_a_binding(play: Play, step: Step) -> None:
    if found := _one_binding(play, step):
        began = time.time()
        await play.world.cluster.delete(path_of(found[1]))
        play.touch(found[0], began)


async def bind_somebody_else(play: Play, step: Step) -> None:
    """A binding of one person is given to another of this history."""
    if found := _one_binding(play, step):
        other = play.people[(step.who + 1) % len(play.people)].account
        began = time.time()
        subject = {"kind": "ServiceAccount", "name": other, "namespace": USERS}
        await play.world.cluster.patch(path_of(found[1]), {"subjects": [subject]})
        play.touch(found[0], began)
        play.touch(other, began)


async def take_the_marks_away(play: Play, step: Step) -> None:
    """The labels by which everything of the program is found."""
    if found := _one_binding(play, step):
        began = time.time()
        bare: dict[str, None] = dict.fromkeys(MARKS)
        await play.world.cluster.patch(path_of(found[1]), {"metadata": {"labels": bare}})
        play.touch(found[0], began)


async def bind_more_as_the_owner(play: Play, step: Step) -> None:
    """A binding that says it belongs to the AccessGrant, to a role that nobody gave."""
    person, cluster = play.people[step.who], play.world.cluster
    grant = await cluster.find(f"{GRANTS}/{person.account}")
    if grant:
        kind = {"apiVersion": "jwt-to-rbac.io/v1alpha1", "kind": "AccessGrant"}
        owner = kind | {"name": person.account, "uid": grant["metadata"]["uid"]}
        body = _binding(f"{person.account}-forged-{step.number}", "cluster-admin", person)
        body["metadata"]["ownerReferences"] = [owner]
        await cluster.call("POST", f"{RBAC}/clusterrolebindings", body)


async def bind_as_a_stranger(play: Play, step: Step) -> None:
    """It is told, and left alone."""
    person = play.people[step.who]
    name = f"stranger-{person.account}-{step.number}"
    body = _binding(name, "view", person)
    status, _ = await play.world.cluster.call("POST", f"{RBAC}/clusterrolebindings", body)
    if status < 300:
        play.strangers["ClusterRoleBinding", "", name] = person.account


def _binding(name: str, role: str, person: Person) -> dict[str, Any]:
    subject = {"kind": "ServiceAccount", "name": person.account, "namespace": USERS}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": role,
        },
        "subjects": [subject],
    }


async def delete_the_account(play: Play, step: Step) -> None:
    account, began = play.people[step.who].account, time.time()
    if await play.world.cluster.delete(path_of(("ServiceAccount", USERS, account))):
        play.touch(account, began)


async def delete_the_sessions(play: Play, step: Step) -> None:
    account = play.people[step.who].account
    for key, one in play.world.recorder.there().items():
        if key[0] == "Secret" and one.owner is not None and one.owner.name == account:
            await play.world.cluster.delete(path_of(key))


async def make_a_namespace(play: Play, step: Step) -> None:
    body = {"metadata": {"name": POOL[step.number % len(POOL)], "labels": POOLED | _guild(step)}}
    await play.world.cluster.call("POST", "/api/v1/namespaces", body)


async def label_a_namespace(play: Play, step: Step) -> None:
    path = f"/api/v1/namespaces/{POOL[step.number % len(POOL)]}"
    await play.world.cluster.patch(path, {"metadata": {"labels": _guild(step)}})


async def delete_a_namespace(play: Play, step: Step) -> None:
    await play.world.cluster.delete(f"/api/v1/namespaces/{POOL[step.number % len(POOL)]}")


def _guild(step: Step) -> dict[str, str]:
    return {GUILD: ("bakers", "smiths")[step.at]}
