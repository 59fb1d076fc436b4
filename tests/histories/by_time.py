"""What ends by itself: access that nobody came for, as if days had gone by, with the sessions of then."""

import time
from datetime import datetime
from typing import Any

from jwt_to_rbac.core.lifetime import TokenLifetimes
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.kube.sessions import EXPIRES, RENEWED
from tests.histories.cluster import GRANTS, path_of
from tests.histories.person import BEGAN_AGO
from tests.histories.playing import Play
from tests.histories.steps import Step
from tests.histories.waiting import eventually
from tests.support.oracle.ledger import Barred

UNUSED = TokenLifetimes().maximum
"""Seconds after which access lapses."""

SEEN_WITHIN = 10.0
"""Seconds for which a lapse is waited for. One that comes later, because nobody leads, is judged at rest."""


async def let_days_go_by(play: Play, step: Step) -> None:
    """Nobody came for longer than access lasts. Whose newest token is younger has come since."""
    person, cluster = play.people[step.who], play.world.cluster
    path = f"{GRANTS}/{person.account}"
    async with person.alone():
        # A login that is yet to be told would be a later one.
        if not await eventually(play.world.replicas.have_told_all, SEEN_WITHIN):
            return
        grant = await cluster.find(path)
        if grant is None or not may_lapse(grant):
            return
        past = rfc3339(time.time() - BEGAN_AGO)
        for key, one in play.world.recorder.there().items():
            if key[0] == "Secret" and one.owner is not None and one.owner.name == person.account:
                over = {"annotations": {RENEWED: past, EXPIRES: past}}
                await cluster.patch(path_of(key), {"metadata": over})
                play.ends[key[2]] = time.time()
        await cluster.patch(f"{path}/status", {"status": {"lastLogin": past}})

        async def told() -> bool:
            found = await cluster.find(path)
            return found is not None and _ready(found).get("reason") == "AccessLapsed"

        if await eventually(told, SEEN_WITHIN):
            lapse = Barred(person.account, await cluster.version())
            play.lapses.append(lapse)
            play.ledger.barred.append(lapse)


def may_lapse(grant: dict[str, Any]) -> bool:
    """Whether nothing but the last login keeps the access: no younger token, and nobody's decision."""
    spec = grant["spec"]
    decided = spec.get("suspended") or spec.get("expiresAt") or spec.get("notBefore")
    return not decided and seconds(spec["claimsIssuedAt"]) + UNUSED < time.time()


def seconds(time_: str) -> float:
    return datetime.fromisoformat(time_).timestamp()


def _ready(grant: dict[str, Any]) -> dict[str, Any]:
    told = grant.get("status", {}).get("conditions", ())
    return next((one for one in told if one["type"] == "Ready"), {})
