"""What the server is killed in the middle of: how each thing begins, is done, and must be in the end."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from jwt_to_rbac.core.times import rfc3339
from tests.e2e.crashes.stage import ADMIN, DEVELOPER, MOVED, RULES, USERS, VIEWER, Stage, account_of
from tests.support.oracle.ledger import Revoked
from tests.support.waiting import eventually

Step = Callable[[Stage, str], object]
"""Takes a person's name. The one that is repeated gives an HTTP status, or None where it is kubectl's."""

LONG_AGO = 3 * 24 * 3600
"""Seconds: longer than access lasts without anybody coming."""


@dataclass(frozen=True)
class Lane:
    """Who makes the calls, and how many of them may be stopped before nothing goes on there."""

    name: str
    places: int


ASKED = Lane("requests", 24)
"""Half of the calls that the program makes at once: the others must go on."""

SETTLED = Lane("the leader settles accounts", 6)
"""It does sixteen at once, but so many kubectls would not be through before a stopped call is given up."""

SESSIONS = Lane("the leader ends sessions", 2)
KEPT, LED = Lane("the leader keeps roles", 1), Lane("the Lease", 1)


@dataclass(frozen=True)
class Scenario:
    """`prepare` is not disturbed; `act` is, and is repeated afterwards with a status of `success`.

    `held` are what the person may hold when the server is dead: all of one of these, or less.
    `right` is what must come true in the end.
    """

    name: str
    lane: Lane
    prepare: Step
    act: Step
    right: Callable[[Stage, str], bool]
    held: tuple[frozenset[str], ...]
    success: tuple[int | None, ...] = (None,)


def log_in(*groups: str, ago: int = 0) -> Step:
    def step(stage: Stage, name: str) -> int:
        return stage.client.log_in(stage.token(name, *groups, ago=ago)).status

    return step


def prepared(*groups: str, ago: int = 100) -> Step:
    step = log_in(*groups, ago=ago)

    def prepare(stage: Stage, name: str) -> None:
        assert step(stage, name) == 201

    return prepare


def nothing(stage: Stage, name: str) -> None:
    """There is nothing to be done."""


def has_exactly(*roles: str) -> Callable[[Stage, str], bool]:
    def right(stage: Stage, name: str) -> bool:
        has_account = stage.there("ServiceAccount", account_of(name), USERS)
        return stage.roles(name) == set(roles) and has_account == bool(roles)

    return right


def has_lost_all_for(reason: str) -> Callable[[Stage, str], bool]:
    nothing_held = has_exactly()
    return lambda stage, name: nothing_held(stage, name) and stage.ready(name) == reason


def is_gone(stage: Stage, name: str) -> bool:
    return has_exactly()(stage, name) and not stage.there("AccessGrant", account_of(name))


# --- what people ask for -----------------------------------------------------------------


def first_login(stage: Stage, name: str) -> int:
    token = stage.token(name, "admins", "developers")
    return stage.client.call("POST", "/rbac/", {"token": token, "duration": "1h"}).status


def session(stage: Stage, name: str, **wish: str) -> tuple[int, str]:
    """Begin a session, or renew the one that is named; the status, and its name."""
    token = stage.token(name, "developers", ago=100)
    answer = stage.client.call("POST", "/api/v1/sessions", wish, token)
    return answer.status, answer.json().get("name", "")


def begin_session(stage: Stage, name: str) -> None:
    status, _ = session(stage, name, duration="1h")
    assert status == 201


def session_of(stage: Stage, name: str) -> str:
    """The name of the person's one session; empty if there is none."""
    return next(iter(stage.sessions(name)), "")


def renew(stage: Stage, name: str) -> int:
    return session(stage, name, session=session_of(stage, name), duration="2h")[0]


def end_session(stage: Stage, name: str) -> int:
    ended = session_of(stage, name) or "ended-before"
    path = f"/api/v1/people/{account_of(name)}/sessions/{ended}"
    return stage.client.call("DELETE", path, bearer=stage.administrator).status


def has_no_session(stage: Stage, name: str) -> bool:
    return not session_of(stage, name) and has_exactly(DEVELOPER)(stage, name)


def revoke(stage: Stage, name: str) -> int:
    status = stage.client.call(
        "DELETE", f"/rbac/{account_of(name)}", bearer=stage.administrator
    ).status
    if status == 202:
        revoked = Revoked(account_of(name), stage.issuer.now() - 100, stage.oracle.mark())
        stage.ledger.revoked.append(revoked)
    return status


def is_revoked(stage: Stage, name: str) -> bool:
    if not is_gone(stage, name):
        return False
    old = stage.issuer.token(name, iat=stage.issuer.now() - 100, groups=["admins", "developers"])
    return bool(stage.client.log_in(old).json()["code"] == "token_revoked")


BOTH = frozenset({ADMIN, DEVELOPER})
REQUESTS = (
    Scenario(
        "first login with a token", ASKED, nothing, first_login, has_exactly(*BOTH), (BOTH,), (201,)
    ),
    Scenario(
        "login that gains one group and loses another",
        ASKED,
        prepared("admins", "developers"),
        log_in("developers", "viewers", ago=50),
        has_exactly(DEVELOPER, VIEWER),
        (BOTH, frozenset({DEVELOPER, VIEWER})),
        (201,),
    ),
    Scenario(
        "renewal",
        ASKED,
        begin_session,
        renew,
        has_exactly(DEVELOPER),
        (frozenset({DEVELOPER}),),
        (201,),
    ),
    Scenario(
        "end of a session",
        ASKED,
        begin_session,
        end_session,
        has_no_session,
        (frozenset({DEVELOPER}),),
        (202, 404),
    ),
    Scenario(
        "revocation",
        ASKED,
        prepared("admins", "developers"),
        revoke,
        is_revoked,
        (BOTH,),
        (202, 404),
    ),
)

# --- what the leader does unattended -----------------------------------------------------


def suspend(stage: Stage, name: str) -> None:
    patch = json.dumps({"spec": {"suspended": True}})
    stage.kubectl("patch", "accessgrant", account_of(name), "--type=merge", "-p", patch)


def let_access_lapse(stage: Stage, name: str) -> None:
    """As if nobody had come for days."""
    patch = json.dumps({"status": {"lastLogin": rfc3339(time.time() - LONG_AGO)}})
    of_status = ("--subresource=status", "--type=merge", "-p", patch)
    stage.kubectl("patch", "accessgrant", account_of(name), *of_status)


def let_session_expire(stage: Stage, name: str) -> None:
    """As if its time had come."""
    known = session_of(stage, name)
    if known:
        past = f"jwt-to-rbac.io/expires={rfc3339(time.time() - LONG_AGO)}"
        stage.kubectl("annotate", "secret", known, "-n", USERS, past, "--overwrite")


def delete_by_hand(stage: Stage, name: str) -> None:
    stage.kubectl("delete", "accessgrant", account_of(name), "--wait=false", "--ignore-not-found")


UNATTENDED = (
    Scenario(
        "suspension",
        SETTLED,
        prepared("admins", "developers"),
        suspend,
        has_lost_all_for("Suspended"),
        (BOTH,),
    ),
    Scenario(
        "lapse of access",
        SETTLED,
        prepared("admins", "developers", ago=LONG_AGO),
        let_access_lapse,
        has_lost_all_for("AccessLapsed"),
        (BOTH,),
    ),
    Scenario(
        "deletion by hand",
        SETTLED,
        prepared("admins", "developers"),
        delete_by_hand,
        is_gone,
        (BOTH,),
    ),
)
EXPIRY = Scenario(
    "expiry of a session",
    SESSIONS,
    begin_session,
    let_session_expire,
    has_no_session,
    (frozenset({DEVELOPER}),),
)

# --- a change of the policy ----------------------------------------------------------------


def move(stage: Stage, name: str) -> None:
    stage.put("after")


def settle_before(stage: Stage, name: str) -> None:
    roles_before(stage, name)
    prepared("movers")(stage, name)


def roles_before(stage: Stage, _: str) -> None:
    stage.put("before")
    dropped = f"{RULES}-dropped-from-jwt"
    assert eventually(
        lambda: stage.there("ClusterRole", dropped) and not stage.there("ClusterRole", MOVED), 20
    )


def roles_follow(stage: Stage, _: str) -> bool:
    where = ("-o", "jsonpath={.rules[*].resources}")
    changed = stage.kubectl("get", "clusterrole", f"{RULES}-changed-from-jwt", *where)
    return "configmaps" in changed and not stage.there("ClusterRole", f"{RULES}-dropped-from-jwt")


POLICY = Scenario(
    "policy change, for a person",
    SETTLED,
    settle_before,
    move,
    has_exactly(MOVED),
    (frozenset({"edit"}), frozenset({MOVED})),
)
POLICY_ROLES = Scenario("policy change, for its roles", KEPT, roles_before, move, roles_follow, ())
LEADING = Scenario("leading", LED, nothing, nothing, lambda stage, _: stage.leads(), ())
