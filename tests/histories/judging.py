"""What was wrong with a history that was played: it must come to rest, and the oracle must hold."""

import asyncio
import math
import time
from dataclasses import replace
from functools import partial
from http.client import CREATED
from typing import Any

from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.kube.revocations import name_of
from tests.histories.by_time import UNUSED, may_lapse, seconds
from tests.histories.cluster import GRANTS, USERS, path_of
from tests.histories.person import Person
from tests.histories.playing import Deletion, Play
from tests.histories.policies import GUILD, given
from tests.histories.steps import GROUPS, Step
from tests.histories.telling import told
from tests.histories.waiting import eventually
from tests.support.oracle.invariants import (
    History,
    left_over,
    meddled,
    misdirected,
    too_much,
    unanswered,
    undone,
    unrecorded,
)
from tests.support.oracle.ledger import Ledger
from tests.support.oracle.revision import Revision

STAYS = 1.0
"""Seconds for which what is right has to stay so."""

HEARD_WITHIN = 3.0
"""Seconds of being led in which a deletion by hand is remembered as a revocation."""

OUTAGE_ENDS_WITHIN = 60.0
"""Seconds: what others' histories do to the replicas may last still."""

ANSWERED_WITHIN = 30.0
"""Seconds: a replica may be held up for six."""


async def judge(play: Play) -> list[str]:
    """What broke, and how that came about; nothing is left of the history's people after that."""
    restless = await _until_at_rest(play)
    world, accounts = play.world, play.accounts
    everything = await asyncio.to_thread(world.recorder.history, play.since)
    history, ledger = everything.of(accounts), _told(play, everything)
    records = world.records(accounts)
    found = [
        *restless,
        *play.broken,
        # By everything that happened: it tells what was when.
        *too_much(everything, ledger, accounts),
        *undone(everything, ledger),
        *meddled(history, play.strangers),
        *misdirected(history),
        *unrecorded(history, records),
        *unanswered(ledger, ANSWERED_WITHIN),
        *await _let_in_again(play),
    ]
    await _clear(play)
    return [*found, *told(history, ledger, play.began)] if found else []


def _told(play: Play, history: History) -> Ledger:
    """With what is only known at the end: how long what had to be mended may have taken."""
    world = play.world
    races = [(one.account, *race) for one in play.people for race in one.races]
    heard_by = [(one.account, one.at, _heard_by(play, one)) for one in play.deletions]
    own = [world.disturbance(*one) for one in (*play.touched, *races, *heard_by)]
    ledger, forgotten = (
        play.ledger,
        {one.account for one in play.deletions if _forgotten(play, one)},
    )
    heard = [one.revoked for one in play.deletions if one.account not in forgotten]
    return replace(
        ledger,
        policies=world.in_force(history),
        revoked=[*ledger.revoked, *heard],
        superseded=[one for one in ledger.superseded if one.account not in forgotten],
        disturbed=[*world.disturbed(), *own],
    )


def _forgotten(play: Play, deletion: Deletion) -> bool:
    """Whether no replica lived from the deletion by hand until it was remembered, or so it may be."""
    return play.world.replicas.outages_within(deletion.at, _heard_by(play, deletion)) > 1


async def _let_in_again(play: Play) -> list[str]:
    """I3. Whom a token of before lets in again, though their AccessGrant was deleted by hand since.

    The steps of a history are too near to each other to tell: a leader has HEARD_WITHIN to hear of it.
    """
    found = []
    for one in play.deletions:
        if _forgotten(play, one):
            continue
        await eventually(partial(_is_heard, play, one), OUTAGE_ENDS_WITHIN)
        person = next(who for who in play.people if who.account == one.account)
        token = person.signed(one.revoked.issued_until, GROUPS, play.club)
        for at in range(2):
            shown = Step("show_the_token_of_then", at=at)
            status, _ = await play.ask(shown, "POST", "/rbac/", body={"token": token})
            if status == CREATED:
                found.append(f"I3: {person.account} was deleted by hand, and {shown} was answered")
    return found


async def _is_heard(play: Play, deletion: Deletion) -> bool:
    return time.time() > _heard_by(play, deletion)


def _heard_by(play: Play, deletion: Deletion) -> float:
    return play.world.replicas.mended_by(deletion.at, HEARD_WITHIN)


async def _until_at_rest(play: Play) -> list[str]:
    """What is not right when the time is up."""
    began, right_since = time.monotonic(), 0.0
    while True:
        wrong = await _wrong(play)
        now = time.monotonic()
        if wrong:
            right_since = 0.0
        elif not right_since:
            right_since = now
        elif now - right_since > STAYS:
            play.world.rested_after.append(right_since - began)
            return []
        if now - began > play.world.rests_within:
            return [f"not at rest: {one}" for one in wrong]
        await asyncio.sleep(0.3)


async def _wrong(play: Play) -> list[str]:
    """In what the cluster is not as its AccessGrants, the policy and its namespaces say."""
    found = await play.world.cluster.call("GET", "/api/v1/namespaces?labelSelector=histories")
    guilds = {
        one["metadata"]["name"]: one["metadata"]["labels"].get(GUILD, "")
        for one in found[1]["items"]
        if "deletionTimestamp" not in one["metadata"]
    }
    orphans = left_over(History(tuple(play.world.recorder.there().values()), 0).of(play.accounts))
    return orphans + [line for one in play.people for line in await _wrong_of(play, one, guilds)]


async def _wrong_of(play: Play, person: Person, guilds: dict[str, str]) -> list[str]:
    world, account = play.world, person.account
    grant = await world.cluster.find(f"{GRANTS}/{account}")
    refused = bool(grant) and (
        await _refused(play, person, grant["spec"]) or _has_lapsed(play, person, grant)
    )
    groups = grant["spec"]["subject"].get("groups", ()) if grant else ()
    wanted = frozenset() if refused else given(world.policy, groups, guilds)
    objects = list(world.recorder.there().values())
    strangers = [one for one, whose in play.strangers.items() if whose == account]
    held = sorted(one.grant for one in objects if _binds(one, account) and one.key not in strangers)
    has_account = any(one.key == ("ServiceAccount", USERS, account) for one in objects)
    sessions = [one.name for one in objects if _is_session(one, account)]
    wrong = [
        f"the time of {one} is over, and it is there"
        for one in sessions
        if play.ends.get(one, math.inf) < time.time()
    ]
    if held != sorted(wanted):
        wrong.append(f"{account} holds {held}, and is to hold {sorted(wanted)} ({refused=})")
    if bool(wanted) != has_account and (wanted or refused or not grant):
        wrong.append(f"{account}: there {'is' if has_account else 'is no'} ServiceAccount")
    if grant:
        wrong += _wrong_told(grant, refused, bool(strangers))
        wrong += _wrong_record(play, person, grant["spec"])
    return wrong


def _wrong_record(play: Play, person: Person, spec: dict[str, Any]) -> list[str]:
    """In what the record is of another token than the newest."""
    issued_at, groups = seconds(spec["claimsIssuedAt"]), set(spec["subject"].get("groups", ()))
    wrong = []
    if issued_at < person.taken and not any(
        one.account == person.account for one in play.deletions
    ):
        wrong.append(f"{person.account}: is of {issued_at}, though {person.taken} was taken")
    shown = [
        one.groups
        for one in play.ledger.shown
        if (one.account, one.issued_at) == (person.account, issued_at)
    ]
    if strays := groups - {play.club}.union(*shown):
        wrong.append(f"{person.account}: no token of {issued_at} has said {strays}")
    return wrong


def _binds(one: Revision, account: str) -> bool:
    return one.kind.endswith("Binding") and (
        any(
            (by.kind, by.namespace, by.name) == ("ServiceAccount", USERS, account)
            for by in one.subjects
        )
        or (one.owner is not None and one.owner.name == account)
    )


def _is_session(one: Revision, account: str) -> bool:
    return one.kind == "Secret" and one.owner is not None and one.owner.name == account


def _has_lapsed(play: Play, person: Person, grant: dict[str, Any]) -> bool:
    """Whether access ended because nobody came for it; what is over is not there any more at rest."""
    if any(_is_session(one, person.account) for one in play.world.recorder.there().values()):
        return False
    came = grant.get("status", {}).get("lastLogin", grant["metadata"]["creationTimestamp"])
    return may_lapse(grant) and seconds(came) + UNUSED < time.time()


def _wrong_told(grant: dict[str, Any], refused: bool, strangers: bool) -> list[str]:
    """In what the status is not as it should be."""
    name, status = grant["metadata"]["name"], grant.get("status", {})
    found = {one["type"]: one for one in status.get("conditions", ())}
    wrong = []
    if status.get("observedGeneration") != grant["metadata"]["generation"]:
        wrong.append(f"{name}: the status is of an older spec")
    ready = found.get("Ready", {})
    if refused and ready.get("status") != "False":
        wrong.append(f"{name}: told to be {ready}, and has nothing")
    if not refused and ready.get("reason") not in ("Applied", "NamespaceAbsent"):
        wrong.append(f"{name}: told to be {ready}, and has all that it should")
    if ("ForeignBindings" in found) != strangers:
        wrong.append(f"{name}: bindings of strangers are {strangers}, and told {found.keys()}")
    return wrong


async def _refused(play: Play, person: Person, spec: dict[str, Any]) -> bool:
    """Whether the record says that this person gets nothing."""
    path = f"/api/v1/namespaces/{USERS}/configmaps/"
    identity = Identity(play.world.issuer.url, person.subject)
    revoked = await play.world.cluster.find(path + name_of(identity))
    bounds = [spec.get("notBefore"), revoked["data"]["notBefore"] if revoked else None]
    return bool(
        spec.get("suspended")
        or (spec.get("expiresAt") and seconds(spec["expiresAt"]) <= time.time())
        or any(one and seconds(spec["claimsIssuedAt"]) < seconds(one) for one in bounds)
    )


async def _clear(play: Play) -> None:
    for person in play.people:
        await play.world.cluster.delete(f"{GRANTS}/{person.account}")
    for key in play.strangers:
        await play.world.cluster.delete(path_of(key))
