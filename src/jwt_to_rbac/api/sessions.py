"""`/api/v1/sessions` and `/api/v1/people/{name}/sessions`: begin or renew, see, end."""

from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac import ports
from jwt_to_rbac.api import answers
from jwt_to_rbac.api.first_system import TokenBody
from jwt_to_rbac.api.operation import LOGIN, SESSION, Answer, Operation, Resources
from jwt_to_rbac.api.problems import denied
from jwt_to_rbac.api.reading import bearer, noted, read_json, request_id
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.session import Wish
from jwt_to_rbac.usecases.callers import Callers, Owner
from jwt_to_rbac.usecases.issue_token import IssueToken
from jwt_to_rbac.usecases.log_in_for_token import LogInForToken
from jwt_to_rbac.usecases.sessions import Sessions

NO_ID_TOKEN = Denial(
    Code.CREDENTIAL_MISSING, "Send `Authorization: Bearer` with your ID token to begin a session."
)


class Begun(answers.SessionSeen):
    """A session with its newest token, whose end `expires` tells to the second."""

    account: str
    username: str
    groups: tuple[str, ...]
    token: str


class SessionList(msgspec.Struct):
    """What stands in the way of a bare list: room for more keys."""

    items: tuple[answers.SessionSeen, ...]


@dataclass(frozen=True, slots=True)
class SessionsApi:
    """The endpoints with the use cases behind them."""

    callers: Callers
    log_in_for_token: LogInForToken
    issue_token: IssueToken
    sessions: Sessions

    def resources(self) -> Resources:
        begin = Operation(
            self.begin,
            "Log in with the bearer ID token, and begin a session or renew one",
            (Answer(HTTPStatus.CREATED, "The session with its newest token", Begun),),
            body=TokenBody,
            codes=LOGIN | SESSION | {Code.NOT_FOUND, Code.DURATION_INVALID},
        )
        none = frozenset({Code.NOT_FOUND})
        listing = Operation(
            self.list,
            "An account's live sessions, the newest first",
            (Answer(HTTPStatus.OK, "Sessions", SessionList),),
            codes=none,
        )
        ended = (Answer(HTTPStatus.ACCEPTED, "Their tokens die within seconds"),)
        end_all = Operation(self.end, "End all of an account's sessions", ended, codes=none)
        end = Operation(self.end, "End one session", ended, codes=none)
        return {
            "/api/v1/sessions": {"POST": begin},
            "/api/v1/people/{name}/sessions": {"GET": listing, "DELETE": end_all},
            "/api/v1/people/{name}/sessions/{session}": {"DELETE": end},
        }

    async def begin(self, request: Request) -> Response:
        """Log in with the bearer ID token, and begin a session or renew one."""
        token = bearer(request)
        if not token:
            return denied(NO_ID_TOKEN, request_id(request))
        # Read before anything is done: bad input makes nothing.
        wish = (await read_json(request, TokenBody)).wish()
        made = await self._begin(token, wish, noted(request))
        if isinstance(made, Denial):
            return denied(made, request_id(request))
        return answers.answer(made, HTTPStatus.CREATED)

    async def _begin(self, token: str, wish: Wish, request: ports.Request) -> Begun | Denial:
        if wish.session:
            caller = await self.callers.identify(token, request)
            ended = (
                self.issue_token.ended(caller, wish.session) if isinstance(caller, Owner) else None
            )
            if ended is not None:
                return ended
        both = await self.log_in_for_token(token, wish, request)
        if isinstance(both, Denial):
            return both
        done, issued = both
        seen = answers.session(issued.session)
        return Begun(
            seen.name,
            seen.device,
            seen.created,
            seen.renewed,
            issued.expires_at,
            account=done.account.name,
            username=done.person.username,
            groups=done.person.groups,
            token=issued.token,
        )

    async def list(self, request: Request) -> Response:
        caller = await self.callers.identify(bearer(request), noted(request))
        found = (
            caller
            if isinstance(caller, Denial)
            else await self.sessions.list(caller, request.path_params["name"], noted(request))
        )
        if isinstance(found, Denial):
            return denied(found, request_id(request))
        return answers.answer(SessionList(tuple(map(answers.session, found))))

    async def end(self, request: Request) -> Response:
        caller = await self.callers.identify(bearer(request), noted(request))
        name, session = request.path_params["name"], request.path_params.get("session")
        refused = (
            caller
            if isinstance(caller, Denial)
            else await self.sessions.end(caller, name, session, noted(request))
        )
        if refused is not None:
            return denied(refused, request_id(request))
        return answers.accepted()
