"""`POST /api/v1/explain`: a dry run for a token, or for claims given by hand. Changes nothing."""

from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api import answers
from jwt_to_rbac.api.operation import ID_TOKEN, Answer, Bearer, Operation, Resources
from jwt_to_rbac.api.problems import denied
from jwt_to_rbac.api.reading import bearer, noted, read_json, request_id
from jwt_to_rbac.core.errors import Code, Denial, InvalidInput
from jwt_to_rbac.core.identity import Identity, Person, person_by_hand
from jwt_to_rbac.usecases.callers import FORBIDDEN, Callers
from jwt_to_rbac.usecases.explain import Explain, Explained
from jwt_to_rbac.usecases.explanation import Explanation, explanation


class Claims(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A person by hand, in the words of an AccessGrant's `spec.subject`."""

    issuer: str = ""
    subject: str = ""
    username: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()
    connector: str = ""
    user_id: str = msgspec.field(default="", name="userID")

    def person(self) -> Person:
        return person_by_hand(
            Identity(self.issuer, self.subject),
            self.username,
            self.email,
            self.groups,
            self.connector,
            self.user_id,
        )


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """One of the two."""

    token: str | None = None
    claims: Claims | None = None


@dataclass(frozen=True, slots=True)
class ExplainApi:
    """The endpoint with the use case behind it."""

    callers: Callers
    explain: Explain

    def resources(self) -> Resources:
        told = Answer(HTTPStatus.OK, "What a login would give, by which rule", Explanation)
        operation = Operation(
            self.post,
            "A dry run of a login, with a token or with claims by hand",
            (told,),
            Bearer.OPTIONAL,
            body=Question,
            codes=ID_TOKEN,
        )
        return {"/api/v1/explain": {"POST": operation}}

    async def post(self, request: Request) -> Response:
        asked = await read_json(request, Question)
        if (asked.token is None) == (asked.claims is None):
            raise InvalidInput(Code.BODY_MALFORMED, "The body takes either `token` or `claims`.")
        found = await self._explained(asked, request)
        if isinstance(found, Denial):
            return denied(found, request_id(request))
        return answers.answer(explanation(found))

    async def _explained(self, asked: Question, request: Request) -> Explained | Denial:
        if asked.claims is None:
            await self.callers.door.admit(asked.token or "", noted(request))
            return await self.explain.token(asked.token or "")
        caller = await self.callers.identify(bearer(request), noted(request))
        if isinstance(caller, Denial):
            return caller
        # It tells of other people, as a list of them does.
        if not await self.callers.may(caller, "list"):
            return await self.callers.refused(
                FORBIDDEN, caller, "list accessgrants", "", noted(request)
            )
        return self.explain.person(asked.claims.person())
