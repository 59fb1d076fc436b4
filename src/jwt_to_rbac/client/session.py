"""A login's way from the issuer to kubectl: renewing silently, or logging in; all under the lock."""

import json
import socket
import time
import urllib.parse
from collections.abc import Mapping
from datetime import UTC, datetime

from jwt_to_rbac.client.cache import Cache, State
from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.errors import ClientError, LoginNeeded, Refused, Unreachable
from jwt_to_rbac.client.handed_out import Credential
from jwt_to_rbac.client.http import Http
from jwt_to_rbac.client.issuer import Issuer, Tokens, claims_of, discover
from jwt_to_rbac.client.log_in_at_issuer import Person, log_in
from jwt_to_rbac.client.server import Offer, Server, segment
from jwt_to_rbac.client.target import Target

_EARLY = 30.0
"""Seconds before its end that a credential counts as over, or a tenth of its life if shorter: a
request that is under way shall still arrive."""

_ASK_THE_ADMINISTRATOR = "An administrator must put it right in jwt-to-rbac's configuration."

OVER = ("session_ended", "token_revoked")
"""Codes of our server that a new login cures: somebody ended the one before."""

_GONE = (*OVER, "not_found", "forbidden")
"""Codes that mean there is no such session any more; "forbidden": the account isn't ours now."""


class Session:
    """One person's login at one target. Its methods but `credential` want the lock held."""

    def __init__(self, target: Target, cache: Cache, clock: ServerClock) -> None:
        self._target = target
        self._cache = cache
        self.clock = clock
        self.server = Server(target, clock)
        self.state = cache.state()

    def renew(self) -> Credential:
        """A new credential without the person.

        Raises LoginNeeded if only a login helps, Refused if not even that does.
        """
        return self._begin(self.fresh_id_token())

    def known(self) -> bool:
        """Whether somebody is logged in here, as far as the cache knows."""
        return bool(self.state.account)

    def id_token(self) -> str:
        """An ID token that our server takes: the last one while it lasts, else a new one."""
        if not self.state.id_token:
            why = self.state.over or "You are not logged in here."
            raise LoginNeeded(f"{why} {self._by_hand()}")
        if claims_of(self.state.id_token).get("exp", 0) > self.clock.now() + _EARLY:
            return self.state.id_token
        try:
            return self.fresh_id_token()
        except LoginNeeded as e:
            raise LoginNeeded(f"{e.detail} {self._by_hand()}") from e

    def end(self) -> None:
        """End the session at our server. Raises ClientError if it may still last."""
        path = f"people/{segment(self.state.account)}/sessions/{segment(self.state.session)}"
        try:
            self.server.change("DELETE", path, self.id_token())
        except Refused as e:
            if e.code not in _GONE:
                raise

    def end_at_issuer(self) -> str:
        """End the login's tokens at the issuer, where that is possible.

        Returns where the person may log out there; empty if it has no such page.
        """
        issuer = self._issuer(self.server.offer())
        if self.state.refresh_token and issuer.endpoint("revocation"):
            # RFC 7009; whatever it answers, nothing more can be done.
            issuer.post("revocation", token=self.state.refresh_token)
        page = issuer.endpoint("end_session")
        client = urllib.parse.quote(issuer.registration.client_id, safe="")
        return f"{page}?client_id={client}" if page else ""

    def forget(self) -> None:
        """Nothing of the login is left on this machine."""
        self._cache.forget()
        self.state = State()

    def fresh_id_token(self) -> str:
        """A new ID token by the refresh token."""
        if not self.state.refresh_token:
            raise LoginNeeded(self.state.over or "You are not logged in here.")
        offer = self.server.offer()
        self._check_same(offer)
        tokens = self._refreshed(self._issuer(offer))
        self._remember(offer, tokens)
        return tokens.id_token

    def log_in(self, person: Person, anybody: bool = True) -> Credential:
        """Have the person log in, whatever is known, and begin a session.

        Unless `anybody` may come it must be who was logged in before: LoginNeeded.
        """
        offer = self.server.offer()
        issuer = self._issuer(offer)
        made: list[Credential] = []

        def use(tokens: Tokens) -> str:
            before = (self.state.issuer, self.state.subject)
            if before != (offer.issuer.issuer, tokens.claims.get("sub")):
                # By another issuer it may be the same person: the server's configuration changed.
                if before[0] == offer.issuer.issuer and self.state.username and not anybody:
                    raise LoginNeeded(self._somebody_else(tokens))
                # Somebody else's session isn't to be gone on with.
                self._start_over()
                self.state.username = ""
            self._remember(offer, tokens)
            try:
                made.append(self._begin(tokens.id_token))
            except LoginNeeded:
                # The session before was ended; this login is not by it.
                self._remember(offer, tokens)
                made.append(self._begin(tokens.id_token))
            self.state.windows = 0
            self._cache.write_state(self.state)
            return f"You are {self.state.username} on {self.state.cluster}."

        # Written before the window opens: whoever ends us, it was opened.
        before = self.state.windows, self.state.window_at
        self.state.windows, self.state.window_at = self.state.windows + 1, self.clock.here()
        self._cache.write_state(self.state)
        try:
            log_in(issuer, person, use)
        except KeyboardInterrupt:
            # Somebody is there: their next call may ask them again at once.
            self.state.windows, self.state.window_at = before
            self._cache.write_state(self.state)
            raise
        return made[0]

    def lasts(self) -> bool:
        """Whether the API server takes the credential, as far as time goes."""
        return self.clock.now() < self.state.token_expires

    def _refreshed(self, issuer: Issuer) -> Tokens:
        try:
            tokens = issuer.tokens(
                grant_type="refresh_token", refresh_token=self.state.refresh_token
            )
        except Refused as e:
            over = f"{issuer.registration.issuer} doesn't renew your login any more ({e.code})."
            if e.code == "invalid_grant":
                self.state.refresh_token, self.state.over = "", over
                self._cache.write_state(self.state)
            raise LoginNeeded(over) from e
        if self.state.subject and tokens.claims.get("sub") != self.state.subject:
            raise ClientError("The issuer renewed somebody else's login. Log in again.")
        # Rotating refresh tokens (RFC 9700, 4.14.2) are good once; without a new one the old stays.
        return Tokens(
            tokens.id_token, tokens.refresh_token or self.state.refresh_token, tokens.claims
        )

    def _somebody_else(self, tokens: Tokens) -> str:
        """Whose login it is that kubectl isn't to go on with unasked."""
        named = (tokens.claims.get(name) for name in ("email", "preferred_username", "sub"))
        return (
            f"This login is of {next(filter(None, named))}, and kubectl was logged in here as "
            f"{self.state.username}: nothing is changed. If you mean to be somebody else: "
            f"`jwt-to-rbac login {' '.join(self._target.arguments())}`."
        )

    def _by_hand(self) -> str:
        return f"Run `jwt-to-rbac login {' '.join(self._target.arguments())}`."

    def _check_same(self, offer: Offer) -> None:
        state, issuer = self.state, offer.issuer
        now = (issuer.issuer, issuer.client_id, list(issuer.scopes))
        if (state.issuer, state.client_id, state.scopes) != now:
            raise LoginNeeded("The server logs people in otherwise than before.")

    def _issuer(self, offer: Offer) -> Issuer:
        http = Http(
            ca_data=offer.issuer.ca_data,
            insecure_http=self._target.insecure_http,
            hint=_ASK_THE_ADMINISTRATOR,
        )
        return discover(offer.issuer, http, self.clock)

    def _remember(self, offer: Offer, tokens: Tokens) -> None:
        """Before anything else is done with them: a refresh token that is lost can't be had again."""
        state = self.state
        state.issuer, state.client_id = offer.issuer.issuer, offer.issuer.client_id
        state.scopes = list(offer.issuer.scopes)
        state.subject = str(tokens.claims.get("sub"))
        state.id_token, state.refresh_token = tokens.id_token, tokens.refresh_token
        state.over, state.cluster = "", offer.cluster.name
        state.kubernetes, state.kubernetes_ca = offer.cluster.server, offer.cluster.ca_pem
        self._cache.write_state(state)

    def _begin(self, id_token: str) -> Credential:
        try:
            begun = self.server.begin_session(
                id_token, socket.gethostname(), self.state.session, self._target.duration
            )
        except Refused as e:
            self._cache.forget_credential()
            if self.state.session and e.code == "session_ended" and not self.lasts():
                # It ended by itself, with the last token: nobody called for a while. Whether
                # somebody ended it as well meanwhile, the server no longer knows.
                self.state.session = ""
                return self._begin(id_token)
            if self.state.session and e.code in OVER:
                # Ended by the person elsewhere or by an administrator: not to be begun again
                # behind their back, though the issuer would still let us.
                self._start_over("Your login was ended, here or elsewhere.")
                raise LoginNeeded(self.state.over) from e
            raise
        return self._keep(begun)

    def _start_over(self, why: str = "") -> None:
        # Who it was stays: it is not to become somebody else behind kubectl's back.
        kept = ("issuer", "subject", "username", "windows", "window_at")
        self.state = State(over=why, **{name: getattr(self.state, name) for name in kept})
        self._cache.write_state(self.state)

    def _keep(self, begun: Mapping[str, object]) -> Credential:
        state = self.state
        state.session, state.account = str(begun["name"]), str(begun["account"])
        state.username = str(begun.get("username") or begun["account"])
        state.token = str(begun["token"])
        state.token_expires = seconds(str(begun["expires"]))
        self._cache.write_state(state)
        life = state.token_expires - self.clock.now()
        ends = state.token_expires - min(_EARLY, life / 10)
        expires = int(self.clock.as_here(ends))
        return self._cache.write_credential(expires, exec_credential(state.token, expires))


def exec_credential(token: str, expires: int) -> str:
    """An ExecCredential (client.authentication.k8s.io/v1), on one line."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires))
    return (
        json.dumps(
            {
                "apiVersion": "client.authentication.k8s.io/v1",
                "kind": "ExecCredential",
                "status": {"expirationTimestamp": at, "token": token},
            }
        )
        + "\n"
    )


def seconds(rfc3339: str) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(rfc3339).astimezone(UTC).timestamp()


def accepted(state: State) -> bool:
    """Whether the API server still takes the token; True also if it can't be asked."""
    if not state.kubernetes:
        return True
    try:
        http = Http(ca_data=state.kubernetes_ca)
        return http("GET", f"{state.kubernetes}/version", bearer=state.token).status != 401
    except (ClientError, Unreachable):
        return True
