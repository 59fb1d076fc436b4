"""Pages that say no, or that something went wrong: what it was, what to do next, the request's id."""

from dataclasses import dataclass

from starlette.responses import Response

from jwt_to_rbac.core.errors import Code, Denial, JwtToRbacError, Outage, status_of
from jwt_to_rbac.web.shell import Asked, Shell


@dataclass(frozen=True, slots=True)
class Next:
    """What somebody does about it: a sentence, and where it leads."""

    advice: str
    path: str
    label: str


_AGAIN = Next("Log in again to go on.", "/web/login", "Log in")
_BACK = Next("Go back to your access and try it from there.", "/web", "My access")
_LATER = Next(
    "This passes by itself as a rule. Wait a moment, then try again; if it stays, tell whoever "
    "runs jwt-to-rbac and give them the request id.",
    "/web",
    "Try again",
)
_ADMINISTRATOR = Next(
    "Ask an administrator of the cluster, and give them the request id.", "/web", "My access"
)

_TITLES = {
    Code.NOT_FOUND: "There is nothing here",
    Code.FORBIDDEN: "That isn't yours to see",
    Code.LOGIN_INCOMPLETE: "This login can't be finished",
    Code.LOGIN_REFUSED: "The login came to nothing",
    Code.FORM_REFUSED: "This form is out of date",
    Code.TOKEN_REVOKED: "Your session has ended",
    Code.TOKEN_EXPIRED: "Log in again for this",
    Code.SUSPENDED: "Your access is suspended",
    Code.ACCESS_EXPIRED: "Your access has ended",
    Code.ACCESS_LAPSED: "Your access has lapsed",
    Code.NO_ACCESS: "There is nothing for you on this cluster yet",
    Code.ISSUER_UNAVAILABLE: "The login service can't be reached",
    Code.CLUSTER_UNAVAILABLE: "The cluster can't be reached",
    Code.INTERNAL: "Something went wrong on our side",
}

_NEXT = {
    Code.TOKEN_EXPIRED: Next(
        "You come back to where you were.", "/web/login?to=/web/get-going", "Log in again"
    ),
    Code.SUSPENDED: _ADMINISTRATOR,
    Code.ACCESS_EXPIRED: _ADMINISTRATOR,
    Code.NO_ACCESS: Next(
        "Ask an administrator of the cluster for it, then log in again.", "/web/login", "Log in"
    ),
    Code.FORBIDDEN: _ADMINISTRATOR,
    Code.LOGIN_INCOMPLETE: _AGAIN,
    Code.LOGIN_REFUSED: _AGAIN,
    Code.ACCESS_LAPSED: _AGAIN,
    Code.INTERNAL: _LATER,
}


def denied(shell: Shell, denial: Denial, request: str, asked: Asked | None = None) -> Response:
    return _page(shell, denial.code, denial.detail, request, asked)


def failed(shell: Shell, error: JwtToRbacError, request: str) -> Response:
    response = _page(shell, error.code, error.detail, request, None)
    if isinstance(error, Outage):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def _page(shell: Shell, code: Code, detail: str, request: str, asked: Asked | None) -> Response:
    status = status_of(code)
    if code in _NEXT:
        next_step = _NEXT[code]
    elif status == 401:
        next_step = _AGAIN
    else:
        next_step = _LATER if status >= 500 else _BACK
    return shell.page(
        "error.html",
        asked,
        status,
        title=_TITLES.get(code) or code.replace("_", " ").capitalize(),
        detail=detail,
        next_step=next_step,
        request_id=request,
        code=code.value,
    )
