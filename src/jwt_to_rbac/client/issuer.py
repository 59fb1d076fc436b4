"""The OpenID Connect issuer: discovery and its token endpoint, as a public client with PKCE.

Signatures aren't verified here: an ID token comes straight from the token endpoint over TLS
(OpenID Connect Core 3.1.3.7, number 6), and our server verifies it anyway.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.errors import ClientError, Refused, Unreachable
from jwt_to_rbac.client.http import Answer, Http


@dataclass(frozen=True)
class Registration:
    """What our server says of an issuer that it trusts: which client asks for which scopes."""

    name: str
    issuer: str
    client_id: str
    scopes: tuple[str, ...]
    ca_data: str = ""


@dataclass(frozen=True)
class Tokens:
    """What the issuer gave. `refresh_token` is empty if it gives none."""

    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    claims: dict[str, Any] = field(repr=False)


class NotYet(Exception):
    """The device flow's `authorization_pending` or `slow_down` (`slower`)."""

    def __init__(self, slower: bool) -> None:
        self.slower = slower


class Issuer:
    """One issuer, known by its discovery document."""

    def __init__(
        self, registration: Registration, document: dict[str, Any], http: Http, clock: ServerClock
    ) -> None:
        self.registration = registration
        self._document = document
        self._http = http
        self._clock = clock

    def endpoint(self, name: str) -> str:
        """The URL of `<name>_endpoint`; empty if it has none."""
        return str(self._document.get(f"{name}_endpoint") or "")

    def scopes(self) -> str:
        """Those that our server asks for, and a refresh token where the issuer gives one."""
        scopes = list(dict.fromkeys(("openid", *self.registration.scopes)))
        offered = self._document.get("scopes_supported") or []
        if "offline_access" in offered and "offline_access" not in scopes:
            scopes.append("offline_access")
        return " ".join(scopes)

    def tokens(self, nonce: str = "", **form: str) -> Tokens:
        """Ask the token endpoint. Raises Refused with the issuer's `error`, or NotYet."""
        form["client_id"] = self.registration.client_id
        answer = self._http("POST", self.endpoint("token"), form=form)
        self._clock.learn(answer.date)
        if answer.status >= 500:
            raise Unreachable(f"{self.registration.issuer} answered {answer.status}. Try again.")
        said = answer.json()
        if answer.status != 200:
            raise _refusal(said, self.registration.issuer)
        id_token = said.get("id_token")
        if not isinstance(id_token, str):
            raise ClientError(
                f"{self.registration.issuer} gave no ID token: is `openid` among the scopes of "
                "this client?"
            )
        claims = claims_of(id_token)
        self._check(claims, nonce)
        return Tokens(id_token, str(said.get("refresh_token") or ""), claims)

    def post(self, endpoint: str, **form: str) -> Answer:
        """Any other endpoint that takes a form."""
        form["client_id"] = self.registration.client_id
        return self._http("POST", self.endpoint(endpoint), form=form)

    def _check(self, claims: dict[str, Any], nonce: str) -> None:
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        expires = claims.get("exp")
        wrong = ""
        if claims.get("iss") != self.registration.issuer:
            wrong = f"its `iss` is {claims.get('iss')!r}"
        elif self.registration.client_id not in audiences:
            wrong = f"its `aud` is {audience!r}, not {self.registration.client_id!r}"
        elif nonce and claims.get("nonce") != nonce:
            wrong = "its `nonce` is not the one of this login"
        elif not isinstance(expires, int | float) or expires <= self._clock.now():
            wrong = "it has expired already"
        if wrong:
            raise ClientError(
                f"The ID token of {self.registration.issuer} can't be used: {wrong}. "
                "Try again; if it stays so, tell your administrator."
            )


def discover(registration: Registration, http: Http, clock: ServerClock) -> Issuer:
    """Read the discovery document (OpenID Connect Discovery 1.0, section 4)."""
    url = f"{registration.issuer.rstrip('/')}/.well-known/openid-configuration"
    answer = http("GET", url)
    clock.learn(answer.date)
    if answer.status >= 500:
        raise Unreachable(f"{registration.issuer} answered {answer.status}. Try again.")
    if answer.status != 200:
        raise ClientError(f"{url} answered {answer.status}: is that an OpenID Connect issuer?")
    document = answer.json()
    if document.get("issuer") != registration.issuer:
        raise ClientError(
            f"{url} is of the issuer {document.get('issuer')!r}, not {registration.issuer!r}. "
            "An administrator must set the issuer's URL right in jwt-to-rbac's configuration."
        )
    return Issuer(registration, document, http, clock)


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified; raises ClientError if it is no JSON Web Token."""
    try:
        _, payload, _ = token.split(".")
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError as e:
        raise ClientError("The issuer gave an ID token that is no JSON Web Token.") from e
    if not isinstance(found, dict):
        raise ClientError("The issuer gave an ID token without claims.")
    return found


def proof_key() -> tuple[str, str]:
    """A verifier and its S256 challenge (RFC 7636)."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _refusal(said: dict[str, Any], issuer: str) -> Exception:
    code = str(said.get("error") or "unknown")
    if code in ("authorization_pending", "slow_down"):
        return NotYet(code == "slow_down")
    words = str(said.get("error_description") or "")
    return Refused(f"{issuer} refused the login: {code}{f' ({words})' if words else ''}.", code)
