"""The first system's paths, `/rbac` and `/tokens/{sa}`: same methods, keys and success codes."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api import answers
from jwt_to_rbac.api.first_system_answers import (
    Listed,
    Login,
    TokenSecret,
    login,
    token_secret,
)
from jwt_to_rbac.api.operation import ID_TOKEN, LOGIN, SESSION, Answer, Bearer, Operation, Resources
from jwt_to_rbac.api.problems import denied
from jwt_to_rbac.api.reading import bearer, noted, read_json, request_id
from jwt_to_rbac.core.account import Credential
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.lifetime import parse_duration
from jwt_to_rbac.core.session import Wish
from jwt_to_rbac.usecases.callers import Callers
from jwt_to_rbac.usecases.issue_token import IssueToken
from jwt_to_rbac.usecases.list_objects import ListObjects
from jwt_to_rbac.usecases.log_in import LogIn
from jwt_to_rbac.usecases.log_in_for_token import LogInForToken
from jwt_to_rbac.usecases.revoke import Revoke
from jwt_to_rbac.usecases.stored_tokens import StoredTokens

Duration = Annotated[
    str, msgspec.Meta(description="As Go writes it, with a unit", examples=["12h30m", "1.5h"])
]


class TokenBody(msgspec.Struct):
    """`device`, which tells people later where a session began, and the `session` to renew are
    ours. All may be left out.
    """

    duration: Duration | None = None
    device: str = ""
    session: str = ""

    def wish(self) -> Wish:
        seconds = None if self.duration is None else parse_duration(self.duration)
        return Wish(seconds, self.session, self.device)


class LoginBody(TokenBody):
    """`duration` is ours: with it, the answer holds a Kubernetes token too, in one round trip."""

    token: str = ""


@dataclass(frozen=True, slots=True)
class FirstSystem:
    """The endpoints with the use cases behind them. `ca_certificate` is the API server's, in PEM;
    without `token_creation` there is no `POST /tokens/{name}`, as was the first system's default.
    With `stored_tokens` what it answers is kept in a Secret, and read again by GET.
    """

    callers: Callers
    log_in: LogIn
    log_in_for_token: LogInForToken
    issue_token: IssueToken
    revoke: Revoke
    list_objects: ListObjects
    ca_certificate: bytes
    token_creation: bool = True
    stored_tokens: StoredTokens | None = None

    def resources(self) -> Resources:
        ok, created, accepted = HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED
        token = Operation(
            self.get_token,
            "A Kubernetes token for an account",
            (Answer(ok, "One token, in a list", tuple[TokenSecret, ...]),),
            codes=LOGIN | SESSION | {Code.NOT_FOUND},
        )
        lasting = Operation(
            self.post_token,
            "A Kubernetes token that lives as long as is asked for, within the bounds",
            (Answer(created, "The token", TokenSecret),),
            body=TokenBody,
            codes=LOGIN | SESSION | {Code.NOT_FOUND, Code.DURATION_INVALID},
        )
        log_in = Operation(
            self.post_rbac,
            "Log in with an ID token: the cluster then holds what it gives",
            (Answer(created, "Who logged in, and what they hold", Login),),
            Bearer.UNUSED,
            body=LoginBody,
            codes=ID_TOKEN
            | LOGIN
            | SESSION
            | {Code.NOT_FOUND, Code.FORBIDDEN, Code.DURATION_INVALID},
        )
        listing = Operation(
            self.get_rbac, "All that was made", (Answer(ok, "Names, by kind", Listed),)
        )
        revoke = Operation(
            self.delete_rbac,
            "Take everything that an account holds, and the account",
            (Answer(accepted, "Nothing is left"),),
            codes=frozenset({Code.NOT_FOUND, Code.BUSY}),
        )
        # In the order in which they are looked at: renewals are most of what is asked.
        return {
            "/tokens/{name}": {"GET": token} | ({"POST": lasting} if self.token_creation else {}),
            "/rbac": {"POST": log_in, "GET": listing},
            "/rbac/{name}": {"DELETE": revoke},
        }

    async def post_rbac(self, request: Request) -> Response:
        """Log in: the body's ID token is the credential."""
        body = await read_json(request, LoginBody)
        # Read before anything is done: bad input makes nothing.
        wish = body.wish()
        if body.duration is None:
            done = await self.log_in(body.token, noted(request))
            if isinstance(done, Denial):
                return denied(done, request_id(request))
            return answers.answer(login(done), HTTPStatus.CREATED)
        both = await self.log_in_for_token(body.token, wish, noted(request))
        if isinstance(both, Denial):
            return denied(both, request_id(request))
        done, issued = both
        return answers.answer(login(done, self._secret(issued)), HTTPStatus.CREATED)

    async def get_rbac(self, request: Request) -> Response:
        caller = await self.callers.identify(bearer(request), noted(request))
        found = (
            caller
            if isinstance(caller, Denial)
            else await self.list_objects(caller, noted(request))
        )
        if isinstance(found, Denial):
            return denied(found, request_id(request))
        return answers.answer(
            Listed(
                found.service_accounts,
                found.cluster_roles,
                found.cluster_role_bindings,
                found.role_bindings,
            )
        )

    async def delete_rbac(self, request: Request) -> Response:
        caller = await self.callers.identify(bearer(request), noted(request))
        refused: Denial | None
        if isinstance(caller, Denial):
            refused = caller
        else:
            refused = await self.revoke(caller, request.path_params["name"], noted(request))
        if refused is not None:
            return denied(refused, request_id(request))
        return answers.accepted()

    async def get_token(self, request: Request) -> Response:
        """A new token in a list of one, or the tokens that are stored, as the first system did."""
        caller = await self.callers.identify(bearer(request), noted(request))
        if isinstance(caller, Denial):
            return denied(caller, request_id(request))
        name, found = request.path_params["name"], list[Credential]()
        if self.stored_tokens is not None:
            listed = await self.stored_tokens.read(caller, name, noted(request))
            if isinstance(listed, Denial):
                return denied(listed, request_id(request))
            found = listed
        if not found:
            # All of one session: reading must not leave more behind each time.
            wish = Wish(device="GET /tokens", shared=True)
            issued = await self.issue_token(caller, name, wish, noted(request))
            if isinstance(issued, Denial):
                return denied(issued, request_id(request))
            found = [issued]
        return answers.answer([self._secret(one) for one in found])

    async def post_token(self, request: Request) -> Response:
        wish = (await read_json(request, TokenBody)).wish()
        caller = await self.callers.identify(bearer(request), noted(request))
        if isinstance(caller, Denial):
            return denied(caller, request_id(request))
        issue = self.issue_token if self.stored_tokens is None else self.stored_tokens.create
        issued = await issue(caller, request.path_params["name"], wish, noted(request))
        if isinstance(issued, Denial):
            return denied(issued, request_id(request))
        return answers.answer(self._secret(issued), HTTPStatus.CREATED)

    def _secret(self, issued: Credential) -> TokenSecret:
        return token_secret(issued, self.ca_certificate)
