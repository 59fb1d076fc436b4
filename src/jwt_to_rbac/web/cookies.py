"""What the browser holds: one cookie for a visit, and one for each login under way. All of it is sealed.

**What the visit's cookie holds, and why.** Who logged in (`iss`, `sub`), the name of their account,
when their ID token was issued and when it ends, when the visit ends, and a random key that forms
must bring along. Neither the ID token (a thousand bytes and all groups: with two hundred of them
no browser would keep it) nor what it said. The login itself (`usecases.log_in`) is done in the
callback, with the ID token, and its record is the AccessGrant; from then on each page reads that
through the watch cache, by identity. So any replica with the session keys can serve any visit,
a suspension or a revocation ends it everywhere, and a cookie that is stolen tells nothing.

A visit shows things for a working day. It is given a token for kubectl only for as long as the
ID token behind it is good, as the API would: after that the way leads through the issuer again,
so that a visit can't keep alive what the directory has taken.

Somebody whom the policy gives nothing has no AccessGrant, and so no visit: they read in the
answer to the callback which groups were seen and that none of them matched.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.ports import BrowserLogin, Clock
from jwt_to_rbac.web.seal import Seal

VISIT_SECONDS = 8 * 3600
"""A working day. For a token that one wants the ID token's end counts, which is far sooner."""

LOGIN_SECONDS = 600
"""For a person to get through the issuer's pages; Dex gives them as long."""

MOST_LOGINS = 5
"""Logins under way in one browser; beyond, the oldest is forgotten, or headers would grow."""

_VISIT, _LOGIN = "jwt-to-rbac", "jwt-to-rbac-login-"


class Visiting(msgspec.Struct, frozen=True, array_like=True):
    """A visit. Times are seconds since 1970; see above for the rest."""

    issuer: str
    subject: str
    account: str
    issued_at: int
    token_ends: int
    ends: int
    form_key: str


class LoginUnderWay(msgspec.Struct, frozen=True, array_like=True):
    """A login that was sent to the issuer; `to` is the page to show afterwards."""

    issuer: str
    state: str
    nonce: str
    verifier: str
    ends: int
    to: str

    def browser_login(self) -> BrowserLogin:
        return BrowserLogin(self.issuer, self.state, self.nonce, self.verifier)


_S = TypeVar("_S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Cookies:
    """Reads and writes them. `secure`: people come by https, and the browser is held to it."""

    seal: Seal
    clock: Clock
    secure: bool

    def visiting(self, request: Request) -> Visiting | None:
        """The visit that a request belongs to; None for none, an ended one and a forged one."""
        found = self._read(request, self._name(_VISIT), Visiting)
        return found if found is not None and self.clock() < found.ends else None

    def begin_visit(self, response: Response, visiting: Visiting) -> None:
        self._write(response, self._name(_VISIT), visiting, visiting.ends)

    def end_visit(self, response: Response) -> None:
        self._delete(response, self._name(_VISIT))

    def had_visit(self, request: Request) -> bool:
        """Whether there is a visit's cookie, however old or bad."""
        return self._name(_VISIT) in request.cookies

    def begin_login(self, request: Request, response: Response, login: LoginUnderWay) -> None:
        """Remember a login under way, beside those of other tabs."""
        others: list[tuple[int, str]] = []
        for name in request.cookies:
            if name.startswith(self._name(_LOGIN)):
                found = self._read(request, name, LoginUnderWay)
                others.append((found.ends if found else 0, name))
        for _, name in sorted(others, reverse=True)[MOST_LOGINS - 1 :]:
            self._delete(response, name)
        self._write(response, self._login_name(login.state), login, login.ends)

    def login_under_way(self, request: Request, state: str) -> LoginUnderWay | None:
        """The login that `state` names; None if this browser didn't begin one, or long ago."""
        found = self._read(request, self._login_name(state), LoginUnderWay)
        fits = found is not None and found.state == state and self.clock() < found.ends
        return found if fits else None

    def end_login(self, response: Response, state: str) -> None:
        """Forget one that came to its end, so that its answer counts once."""
        self._delete(response, self._login_name(state))

    def _read(self, request: Request, name: str, shape: type[_S]) -> _S | None:
        opened = self.seal.open(request.cookies.get(name, ""), name)
        if opened is None:
            return None
        try:
            return msgspec.msgpack.decode(opened, type=shape)
        except msgspec.DecodeError:
            return None  # Of another version of this program.

    def _write(self, response: Response, name: str, value: msgspec.Struct, ends: int) -> None:
        # The name is sealed along, so that no cookie passes for another.
        sealed = self.seal.seal(msgspec.msgpack.encode(value), name)
        response.set_cookie(
            name,
            sealed,
            max_age=max(0, ends - int(self.clock())),
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def _delete(self, response: Response, name: str) -> None:
        response.delete_cookie(name, secure=self.secure, httponly=True, samesite="lax")

    def _login_name(self, state: str) -> str:
        return self._name(_LOGIN) + sha256(state.encode()).hexdigest()[:16]

    def _name(self, name: str) -> str:
        # Nobody else can set a cookie with this prefix, no neighbouring subdomain either
        # (RFC 6265bis section 4.1.3.2). It needs https.
        return f"__Host-{name}" if self.secure else name
