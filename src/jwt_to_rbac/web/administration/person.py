"""`/web/administration/people/{name}`: one person, and what an administrator does about them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import Response

from jwt_to_rbac.core.errors import Code, Denial, InvalidInput, JwtToRbacError
from jwt_to_rbac.core.news import Happened
from jwt_to_rbac.ports import Clock
from jwt_to_rbac.usecases.callers import Callers
from jwt_to_rbac.usecases.find_people import FindPeople
from jwt_to_rbac.usecases.lately import Lately
from jwt_to_rbac.usecases.people import Change, People
from jwt_to_rbac.usecases.revoke import Revoke
from jwt_to_rbac.usecases.sessions import Sessions
from jwt_to_rbac.web.administration.gate import HOME
from jwt_to_rbac.web.administration.standing import CONDITIONS, drift_in_words, is_well, standing
from jwt_to_rbac.web.page import Pages
from jwt_to_rbac.web.shell import Asked, Shell

PEOPLE = f"{HOME}/people"

MOST = 100
"""Sessions and news that the page lists, the newest: there may be a thousand of a runaway client."""

DONE = {
    "suspended": "Suspended: nothing is given, and every token is worthless within seconds.",
    "resumed": "Resumed: what the policy says is in place again.",
    "end-set": "The end is set.",
    "end-taken": "Access has no set end any more.",
    "session": "The session has ended.",
    "sessions": "All sessions have ended.",
}
"""What a page says right after it was done, by the word in its address."""

_DEEDS = {"change": ("patch", ""), "revoke": ("delete", ""), "end": ("delete", "tokens")}
"""What is done here, with the verb and the subresource of AccessGrants that it needs."""


@dataclass(frozen=True, slots=True)
class OnePerson:
    """The pages with the use cases behind them."""

    shell: Shell
    callers: Callers
    find: FindPeople
    lately: Lately
    people: People
    sessions: Sessions
    revoke: Revoke
    clock: Clock

    def pages(self) -> Pages:
        one = PEOPLE + "/{name}"
        return {
            one: {"GET": self.show},
            f"{one}/suspend": {"GET": self.ask_to_suspend, "POST": self.suspend},
            f"{one}/resume": {"POST": self.resume},
            f"{one}/end": {"POST": self.set_end},
            f"{one}/sessions/end": {"POST": self.end_session},
            f"{one}/revoke": {"GET": self.ask_to_revoke, "POST": self.revoke_all},
        }

    async def show(self, asked: Asked) -> Response | Denial:
        name = _name(asked)
        found = await self.find.one(asked.visitor, name, asked.noted)
        if isinstance(found, Denial):
            return found
        told, may = await asyncio.gather(self._told(asked, name), self._may(asked, name))
        return self.shell.page(
            "admin_person.html",
            asked,
            found=found,
            account=found.account,
            person=found.account.record.person,
            standing=standing(found),
            drift=drift_in_words(found.drift),
            missing=frozenset(found.drift.missing),
            conditions=[
                (CONDITIONS.get(one.type, one.type), one, is_well(one))
                for one in found.account.conditions
            ],
            told=told,
            may=may,
            oneself=_is_oneself(asked),
            most=MOST,
            done=DONE.get(asked.request.query_params.get("done", ""), ""),
            now=self.clock(),
        )

    async def _told(self, asked: Asked, name: str) -> tuple[Happened, ...] | str:
        """Or why it can't be told now, which is no reason to tell nothing else."""
        try:
            told = await self.lately(asked.visitor, name, asked.noted)
        except JwtToRbacError as error:
            return error.detail
        return told.detail if isinstance(told, Denial) else told

    async def _may(self, asked: Asked, name: str) -> Mapping[str, bool]:
        """What Kubernetes lets the visitor do about this person."""
        answers = await asyncio.gather(
            *(self.callers.may(asked.visitor, verb, name, sub) for verb, sub in _DEEDS.values())
        )
        return dict(zip(_DEEDS, answers, strict=True))

    async def ask_to_suspend(self, asked: Asked) -> Response | Denial:
        return await self._ask(asked, "admin_suspend.html")

    async def ask_to_revoke(self, asked: Asked) -> Response | Denial:
        return await self._ask(asked, "admin_revoke.html")

    async def _ask(self, asked: Asked, template: str) -> Response | Denial:
        """The page that says what will happen before it does."""
        found = await self.find.one(asked.visitor, _name(asked), asked.noted)
        if isinstance(found, Denial):
            return found
        oneself = _is_oneself(asked)
        return self.shell.page(template, asked, found=found, oneself=oneself)

    async def suspend(self, asked: Asked) -> Response | Denial:
        return await self._change(asked, Change(suspended=True), "suspended")

    async def resume(self, asked: Asked) -> Response | Denial:
        return await self._change(asked, Change(suspended=False), "resumed")

    async def set_end(self, asked: Asked) -> Response | Denial:
        ends = end_of(asked.form.get("ends", ""))
        return await self._change(
            asked, Change(expires_at=ends), "end-set" if ends else "end-taken"
        )

    async def _change(self, asked: Asked, change: Change, done: str) -> Response | Denial:
        name = _name(asked)
        changed = await self.people.change(asked.visitor, name, change, asked.noted)
        if isinstance(changed, Denial):
            return changed
        return self.shell.redirect(f"{PEOPLE}/{name}?done={done}")

    async def end_session(self, asked: Asked) -> Response | Denial:
        """End the session that the form names; with `all`, all of them."""
        name, every = _name(asked), asked.form.get("all") == "yes"
        session = None if every else asked.form.get("session", "")
        refused = await self.sessions.end(asked.visitor, name, session, asked.noted)
        done = "sessions" if every else "session"
        return refused or self.shell.redirect(f"{PEOPLE}/{name}?done={done}")

    async def revoke_all(self, asked: Asked) -> Response | Denial:
        name = _name(asked)
        refused = await self.revoke(asked.visitor, name, asked.noted)
        return refused or self.shell.redirect(f"{HOME}?revoked={name}")


def end_of(text: str) -> int:
    """Seconds since 1970 of what a browser's date field says, which is UTC here; 0 for no end.

    Raises InvalidInput (body_malformed).
    """
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
        seconds = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    except (ValueError, OverflowError):
        seconds = 0
    if seconds <= 0:
        raise InvalidInput(
            Code.BODY_MALFORMED, "ends: say a date and a time, such as 2026-12-31T18:00."
        )
    return seconds


def _name(asked: Asked) -> str:
    name: str = asked.request.path_params["name"]
    return name


def _is_oneself(asked: Asked) -> bool:
    return _name(asked) == asked.account.name
