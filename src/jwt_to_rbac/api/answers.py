"""JSON answers, and the documents that several endpoints share. Errors are `problems`'."""

from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from jwt_to_rbac.core.plan import AccessPlan
from jwt_to_rbac.core.session import Session
from jwt_to_rbac.core.times import rfc3339


class GrantGiven(msgspec.Struct, rename="camel"):
    """What is held, where (a namespace, or `cluster`) and by which rule."""

    cluster_role: str
    scope: str
    rule: str


class SessionSeen(msgspec.Struct):
    """A session; times are RFC 3339, and true to a minute."""

    name: str
    device: str
    created: str
    renewed: str
    expires: str


def answer(value: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """`value` as JSON, kept by nobody on the way: it tells of people, and may hold a token."""
    return Response(
        msgspec.json.encode(value), status, {"Cache-Control": "no-store"}, "application/json"
    )


def accepted() -> Response:
    return Response(status_code=HTTPStatus.ACCEPTED)


def grants(access: AccessPlan) -> tuple[GrantGiven, ...]:
    return tuple(
        GrantGiven(p.grant.cluster_role, p.grant.namespace or "cluster", p.rule)
        for p in access.grants
    )


def session(one: Session) -> SessionSeen:
    return SessionSeen(
        one.name, one.device, rfc3339(one.created), rfc3339(one.renewed), rfc3339(one.expires)
    )


def moment(seconds: int | None) -> str | None:
    return None if seconds is None else rfc3339(seconds)


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970; a time without a zone is UTC, as in all of Kubernetes."""
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
