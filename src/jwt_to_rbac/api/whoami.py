"""`GET /api/v1/whoami`: who the caller is to the program, and what that gives. Changes nothing."""

from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api import answers
from jwt_to_rbac.api.operation import Answer, Operation, Resources
from jwt_to_rbac.api.problems import denied
from jwt_to_rbac.api.reading import bearer, noted, request_id
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.kubernetes_user import KubernetesUser
from jwt_to_rbac.usecases.callers import Anybody, Callers
from jwt_to_rbac.usecases.explain import Explain, Explained


class Refused(msgspec.Struct):
    """Why a login would be refused now."""

    code: Code
    detail: str


class Whoami(msgspec.Struct, rename="camel", kw_only=True):
    """Who the caller is. A caller by a Kubernetes token is `kubernetesUser`, and has RBAC's rights
    rather than the policy's; `account` is null before the first login.
    """

    username: str
    groups: tuple[str, ...] = ()
    issuer: str = ""
    subject: str = ""
    email: str = ""
    kubernetes_user: str = ""
    account: str | None = None
    grants: tuple[answers.GrantGiven, ...] = ()
    unmatched_groups: tuple[str, ...] = ()
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class WhoamiApi:
    """The endpoint with the use case behind it."""

    callers: Callers
    explain: Explain

    def resources(self) -> Resources:
        told = Answer(HTTPStatus.OK, "Who the caller is, and what a login gives them", Whoami)
        operation = Operation(self.get, "Who one is, and what one has", (told,))
        return {"/api/v1/whoami": {"GET": operation}}

    async def get(self, request: Request) -> Response:
        caller = await self.callers.identify(bearer(request), noted(request))
        if isinstance(caller, Anybody):
            return answers.answer(Whoami(username="anybody"))
        if isinstance(caller, KubernetesUser):
            return answers.answer(
                Whoami(
                    username=caller.username,
                    groups=caller.groups,
                    kubernetes_user=caller.username,
                )
            )
        if isinstance(caller, Denial):
            return denied(caller, request_id(request))
        return answers.answer(_whoami(self.explain.of(caller.proven)))


def _whoami(found: Explained) -> Whoami:
    person, refused = found.person, found.refused
    return Whoami(
        username=person.username,
        groups=person.groups,
        issuer=person.identity.issuer,
        subject=person.identity.subject,
        email=person.email,
        account=found.account if found.exists else None,
        grants=answers.grants(found.access),
        unmatched_groups=found.access.unmatched_groups,
        refused=None if refused is None else Refused(refused.code, refused.detail),
    )
