"""`/api/v1/people`: who has access, and what an administrator does about it."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api import answers
from jwt_to_rbac.api.operation import Answer, Operation, Resources
from jwt_to_rbac.api.problems import denied
from jwt_to_rbac.api.reading import bearer, noted, read_json, request_id
from jwt_to_rbac.core.errors import Code, Denial, InvalidInput
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.usecases.callers import Callers
from jwt_to_rbac.usecases.people import Change, People, PersonSeen
from jwt_to_rbac.usecases.revoke import Revoke

PAGE, LARGEST_PAGE = 100, 500


class PersonPatch(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A merge patch (RFC 7396) of what an administrator decides; null ends the end."""

    suspended: bool | msgspec.UnsetType = msgspec.UNSET
    expires_at: datetime | msgspec.UnsetType | None = msgspec.UNSET

    def change(self) -> Change:
        ends = self.expires_at
        return Change(
            None if self.suspended is msgspec.UNSET else self.suspended,
            None if ends is msgspec.UNSET else 0 if ends is None else answers.seconds(ends),
        )


class PeopleQuery(msgspec.Struct):
    """Which people, and how many of them. `search` finds a part of a name; `group` is exact."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_PAGE)] = PAGE
    after: str = msgspec.field(default="", name="continue")
    search: str = ""
    group: str = ""


class GroupQuery(msgspec.Struct):
    """Whose people are meant, exactly."""

    group: Annotated[str, msgspec.Meta(min_length=1)]


class ConditionShown(msgspec.Struct, rename="camel"):
    """A condition of the AccessGrant's status."""

    type: str
    status: str
    reason: str
    message: str
    last_transition_time: str


class PersonShown(msgspec.Struct, rename="camel", kw_only=True):
    """An AccessGrant as people read it. Times are RFC 3339; `sessions` counts the live ones."""

    name: str
    issuer: str
    subject: str
    username: str
    email: str
    groups: tuple[str, ...]
    connector: str
    user_id: str = msgspec.field(name="userID")
    suspended: bool
    not_before: str | None
    expires_at: str | None
    last_login: str | None
    grants: tuple[answers.GrantGiven, ...]
    unmatched_groups: tuple[str, ...]
    conditions: tuple[ConditionShown, ...]
    sessions: int


class PeoplePage(msgspec.Struct):
    """`continue` is what to ask for next; empty at the end."""

    items: tuple[PersonShown, ...]
    after: str = msgspec.field(name="continue")


class RevokedGroup(msgspec.Struct):
    """The accounts that this request took, and how many of the group are left."""

    revoked: tuple[str, ...]
    remaining: int


@dataclass(frozen=True, slots=True)
class PeopleApi:
    """The endpoints with the use cases behind them."""

    callers: Callers
    people: People
    revoke: Revoke

    def resources(self) -> Resources:
        ok, gone = HTTPStatus.OK, frozenset({Code.NOT_FOUND})
        malformed = frozenset({Code.BODY_MALFORMED})
        listing = Operation(
            self.list,
            "People who have an account, by name",
            (Answer(ok, "A page of them", PeoplePage),),
            query=PeopleQuery,
            codes=malformed,
        )
        revoke_group = Operation(
            self.revoke_group,
            "Take everything from everybody in a group, some hundreds at a time",
            (Answer(ok, "Whose access is gone; repeat while any remain", RevokedGroup),),
            query=GroupQuery,
            codes=malformed | {Code.BUSY},
        )
        get = Operation(
            self.get, "One person", (Answer(ok, "The person", PersonShown),), codes=gone
        )
        patch = Operation(
            self.patch,
            "Suspend or resume a person, or set when their access ends",
            (Answer(ok, "The person, as the cluster now has it", PersonShown),),
            body=PersonPatch,
            codes=gone | {Code.BUSY, Code.NAME_TAKEN, Code.ROLE_OUTDATED},
        )
        revoke = Operation(
            self.revoke_one,
            "Take everything from a person",
            (Answer(HTTPStatus.ACCEPTED, "Nothing is left"),),
            codes=gone | {Code.BUSY},
        )
        return {
            "/api/v1/people": {"GET": listing, "DELETE": revoke_group},
            "/api/v1/people/{name}": {"GET": get, "PATCH": patch, "DELETE": revoke},
        }

    async def list(self, request: Request) -> Response:
        caller = await self.callers.identify(bearer(request), noted(request))
        asked = request.query_params
        found = (
            caller
            if isinstance(caller, Denial)
            else await self.people.list(
                caller,
                noted(request),
                _limit(asked.get("limit")),
                asked.get("continue", ""),
                asked.get("search", ""),
                asked.get("group", ""),
            )
        )
        if isinstance(found, Denial):
            return denied(found, request_id(request))
        return answers.answer(PeoplePage(tuple(map(_person, found.people)), found.after))

    async def get(self, request: Request) -> Response:
        caller = await self.callers.identify(bearer(request), noted(request))
        found = (
            caller
            if isinstance(caller, Denial)
            else await self.people.get(caller, request.path_params["name"], noted(request))
        )
        if isinstance(found, Denial):
            return denied(found, request_id(request))
        return answers.answer(_person(found))

    async def patch(self, request: Request) -> Response:
        change = (await read_json(request, PersonPatch)).change()
        caller = await self.callers.identify(bearer(request), noted(request))
        name = request.path_params["name"]
        found = (
            caller
            if isinstance(caller, Denial)
            else await self.people.change(caller, name, change, noted(request))
        )
        if isinstance(found, Denial):
            return denied(found, request_id(request))
        return answers.answer(_person(found))

    async def revoke_one(self, request: Request) -> Response:
        caller = await self.callers.identify(bearer(request), noted(request))
        refused = (
            caller
            if isinstance(caller, Denial)
            else await self.revoke(caller, request.path_params["name"], noted(request))
        )
        return answers.accepted() if refused is None else denied(refused, request_id(request))

    async def revoke_group(self, request: Request) -> Response:
        group = request.query_params.get("group", "")
        if not group:
            raise InvalidInput(
                Code.BODY_MALFORMED, "group: name the group whose people lose their access."
            )
        caller = await self.callers.identify(bearer(request), noted(request))
        done = (
            caller
            if isinstance(caller, Denial)
            else await self.revoke.everybody_in(caller, group, noted(request))
        )
        if isinstance(done, Denial):
            return denied(done, request_id(request))
        return answers.answer(RevokedGroup(done.names, done.remaining))


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not (text.isdecimal() and len(text) < 6 and 1 <= int(text) <= LARGEST_PAGE):
        raise InvalidInput(
            Code.BODY_MALFORMED, f"limit: must be a number from 1 to {LARGEST_PAGE}."
        )
    return int(text)


def _person(seen: PersonSeen) -> PersonShown:
    account, record = seen.account, seen.account.record
    person = record.person
    return PersonShown(
        name=account.name,
        issuer=person.identity.issuer,
        subject=person.identity.subject,
        username=person.username,
        email=person.email,
        groups=person.groups,
        connector=person.connector,
        user_id=person.user_id,
        suspended=record.suspended,
        not_before=answers.moment(record.not_before),
        expires_at=answers.moment(record.expires_at),
        last_login=answers.moment(account.last_login),
        grants=answers.grants(seen.access),
        unmatched_groups=seen.access.unmatched_groups,
        conditions=tuple(
            ConditionShown(c.type, c.status, c.reason, c.message, rfc3339(c.since))
            for c in account.conditions
        ),
        sessions=seen.sessions,
    )
