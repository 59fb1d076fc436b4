"""The first system's paths, `/rbac` and `/tokens/{sa}`: same methods, keys and success codes."""

from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api.first_system_answers import (
    Listed,
    Login,
    TokenSecret,
    login,
    token_secret,
)
from jwt_to_rbac.api.operation import ID_TOKEN, LOGIN, Answer, Bearer, Operation, Resources
from jwt_to_rbac.api.problems import denied
from jwt_to_rbac.api.reading import bearer, noted, read_json, request_id
from jwt_to_rbac.core.account import Credential
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.lifetime import parse_duration
from jwt_to_rbac.usecases.callers import Callers, Owner
from jwt_to_rbac.usecases.issue_token import IssueToken
from jwt_to_rbac.usecases.list_objects import ListObjects
from jwt_to_rbac.usecases.log_in import LogIn
from jwt_to_rbac.usecases.revoke import Revoke


class LoginBody(msgspec.Struct):
    """`duration` is ours: with it, the answer holds a Kubernetes token too, in one round trip."""

    token: str = ""
    duration: str | None = None


class TokenBody(msgspec.Struct):
    duration: str | None = None


@dataclass(frozen=True, slots=True)
class FirstSystem:
    """The endpoints with the use cases behind them. `ca_certificate` is the API server's, in PEM;
    without `token_creation` there is no `POST /tokens/{name}`, as was the first system's default.
    """

    callers: Callers
    log_in: LogIn
    issue_token: IssueToken
    revoke: Revoke
    list_objects: ListObjects
    ca_certificate: bytes
    token_creation: bool = True

    def resources(self) -> Resources:
        ok, created, accepted = HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED
        token = Operation(
            self.get_token,
            "A Kubernetes token for an account",
            (Answer(ok, "One token, in a list", tuple[TokenSecret, ...]),),
            codes=LOGIN | {Code.NOT_FOUND},
        )
        lasting = Operation(
            self.post_token,
            "A Kubernetes token that lives as long as is asked for, within the bounds",
            (Answer(created, "The token", TokenSecret),),
            body=TokenBody,
            codes=LOGIN | {Code.NOT_FOUND, Code.DURATION_INVALID},
        )
        log_in = Operation(
            self.post_rbac,
            "Log in with an ID token: the cluster then holds what it gives",
            (Answer(created, "Who logged in, and what they hold", Login),),
            Bearer.UNUSED,
            body=LoginBody,
            codes=ID_TOKEN | LOGIN | {Code.NOT_FOUND, Code.FORBIDDEN, Code.DURATION_INVALID},
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
        return {
            "/rbac": {"POST": log_in, "GET": listing},
            "/rbac/{name}": {"DELETE": revoke},
            "/tokens/{name}": {"GET": token} | ({"POST": lasting} if self.token_creation else {}),
        }

    async def post_rbac(self, request: Request) -> Response:
        """Log in: the body's ID token is the credential."""
        body = await read_json(request, LoginBody)
        # Read before anything is done: bad input makes nothing.
        asked = None if body.duration is None else parse_duration(body.duration)
        done = await self.log_in(body.token, noted(request))
        if isinstance(done, Denial):
            return denied(done, request_id(request))
        if body.duration is None:
            return _json(login(done), HTTPStatus.CREATED)
        owner = Owner(done.person.identity, body.token)
        issued = await self.issue_token(owner, done.account.name, asked, noted(request))
        if isinstance(issued, Denial):
            return denied(issued, request_id(request))
        return _json(login(done, self._secret(issued)), HTTPStatus.CREATED)

    async def get_rbac(self, request: Request) -> Response:
        caller = await self.callers.identify(bearer(request), noted(request))
        found = (
            caller
            if isinstance(caller, Denial)
            else await self.list_objects(caller, noted(request))
        )
        if isinstance(found, Denial):
            return denied(found, request_id(request))
        return _json(
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
        return Response(status_code=HTTPStatus.ACCEPTED)

    async def get_token(self, request: Request) -> Response:
        """A new token in a list of one: the first system listed the tokens that it had stored."""
        issued = await self._issue(request, None)
        if isinstance(issued, Denial):
            return denied(issued, request_id(request))
        return _json([self._secret(issued)])

    async def post_token(self, request: Request) -> Response:
        body = await read_json(request, TokenBody)
        asked = None if body.duration is None else parse_duration(body.duration)
        issued = await self._issue(request, asked)
        if isinstance(issued, Denial):
            return denied(issued, request_id(request))
        return _json(self._secret(issued), HTTPStatus.CREATED)

    async def _issue(self, request: Request, asked: float | None) -> Credential | Denial:
        caller = await self.callers.identify(bearer(request), noted(request))
        if isinstance(caller, Denial):
            return caller
        return await self.issue_token(caller, request.path_params["name"], asked, noted(request))

    def _secret(self, issued: Credential) -> TokenSecret:
        return token_secret(issued, self.ca_certificate)


def _json(value: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(
        msgspec.json.encode(value), status, {"Cache-Control": "no-store"}, "application/json"
    )
