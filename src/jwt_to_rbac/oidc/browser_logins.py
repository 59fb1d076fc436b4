"""The authorization code flow with PKCE, as the web app logs people in by it: the adapter of `BrowserLogins`.

What is asked of issuers and how their answers are judged; cookies and pages are `web`'s.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import aiohttp

from jwt_to_rbac.core.errors import Code, Denial, Outage
from jwt_to_rbac.oidc.discovery import fetch_configuration, named_address
from jwt_to_rbac.oidc.fetch import FETCH_SECONDS, FetchFailed, ask
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.shown import shown
from jwt_to_rbac.oidc.strict_json import NotStrictJson, parse_object
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.ports import BrowserLogin, Clock, OfferedIssuer

KNOWN_SECONDS = 60.0
"""For how long an issuer's addresses are remembered: whoever asks for the login page, known to
nobody, must not make us ask the issuer each time."""

LONGEST_CODE = 4096
"""Characters of an authorization code; Entra's have some 1,500."""


@dataclass(frozen=True, slots=True)
class WebClient:
    """The web app as a client of one issuer; without `secret_file` a public one."""

    issuer: TrustedIssuer
    name: str
    client_id: str
    scopes: Sequence[str]
    secret_file: Path | None = None

    def secret(self) -> str:
        """Read anew each time, so that a new secret needs no restart. Raises Outage."""
        if self.secret_file is None:
            return ""
        try:
            return self.secret_file.read_text().strip()
        except (OSError, ValueError):
            raise Outage(
                Code.ISSUER_UNAVAILABLE,
                "The web app's client secret can't be read. Tell whoever runs jwt-to-rbac.",
            ) from None


@dataclass(frozen=True, slots=True)
class CodeFlow:
    """`clients` tells the configured ones now; `redirect` is the callback's address."""

    clients: Callable[[], Sequence[WebClient]]
    issuers: TrustedIssuers
    session: aiohttp.ClientSession
    redirect: str
    clock: Clock
    fetch_seconds: float = FETCH_SECONDS
    _known: dict[tuple[object, ...], tuple[float, Mapping[str, object]]] = field(
        default_factory=dict
    )

    def offered(self) -> Sequence[OfferedIssuer]:
        return [OfferedIssuer(one.issuer.url, one.name) for one in self.clients()]

    async def address(self, login: BrowserLogin) -> str | Denial:
        """The authorization request (OpenID Connect Core 3.1.2.1)."""
        client = self._client(login.issuer)
        if client is None:
            return _not_offered(login.issuer)
        try:
            configuration = await self._configuration(client)
            endpoint = named_address(configuration, "authorization_endpoint", client.issuer)
        except FetchFailed as error:
            raise _unavailable(error) from None
        digest = hashlib.sha256(login.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": self.redirect,
            "scope": " ".join(client.scopes),
            "state": login.state,
            "nonce": login.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return _with_query(endpoint, asked)

    async def redeem(self, login: BrowserLogin, code: str) -> str | Denial:
        """The token request (3.1.3), and the checks of 3.1.3.7 on what comes back."""
        client = self._client(login.issuer)
        if client is None:
            return _not_offered(login.issuer)
        if not 0 < len(code) <= LONGEST_CODE:
            return _refused(login.issuer, "its answer has no usable code")
        token = await self._ask_for_token(client, login, code)
        if isinstance(token, Denial):
            return token
        verified = await self.issuers.verify(token)
        if isinstance(verified, Denial):
            return verified
        if verified.issuer != login.issuer or client.client_id not in verified.audiences:
            return _refused(login.issuer, "its ID token is not for this login")
        if verified.claims.get("nonce") != login.nonce:
            return _refused(login.issuer, "its ID token's nonce is not this login's")
        return token

    async def end_address(self, issuer: str, back: str) -> str:
        client = self._client(issuer)
        if client is None:
            return ""
        try:
            configuration = await self._configuration(client)
            if configuration.get("end_session_endpoint") is None:
                return ""
            endpoint = named_address(configuration, "end_session_endpoint", client.issuer)
        except FetchFailed as error:
            raise _unavailable(error) from None
        asked = {"client_id": client.client_id, "post_logout_redirect_uri": back}
        return _with_query(endpoint, asked)

    def _client(self, issuer: str) -> WebClient | None:
        return next((one for one in self.clients() if one.issuer.url == issuer), None)

    async def _configuration(self, client: WebClient) -> Mapping[str, object]:
        source, now = client.issuer.key_source, self.clock()
        at, known = self._known.get(source, (-KNOWN_SECONDS, {}))
        if not 0 <= now - at < KNOWN_SECONDS:
            known = await fetch_configuration(self.session, client.issuer, self.fetch_seconds)
            self._known[source] = (now, known)
        return known

    async def _ask_for_token(
        self, client: WebClient, login: BrowserLogin, code: str
    ) -> str | Denial:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": login.verifier,
        }
        secret = client.secret()
        try:
            configuration = await self._configuration(client)
            endpoint = named_address(configuration, "token_endpoint", client.issuer)
            proof, headers = _authentication(client, secret, configuration)
            status, body = await ask(
                self.session, client.issuer, endpoint, self.fetch_seconds, form | proof, headers
            )
        except FetchFailed as error:
            raise _unavailable(error) from None
        if status >= 500:
            raise _unavailable(FetchFailed(f"{endpoint} answered with status {status}"))
        try:
            answer = parse_object(body)
        except NotStrictJson:
            return _refused(login.issuer, "its token endpoint's answer can't be read")
        token, said = answer.get("id_token"), answer.get("error")
        if status == 200 and isinstance(token, str):
            return token
        # A word of RFC 6749 section 5.2; the description may hold anything.
        why = shown(said) if isinstance(said, str) else "no ID token"
        return _refused(login.issuer, f"its token endpoint said {why}")


def _authentication(
    client: WebClient, secret: str, configuration: Mapping[str, object]
) -> tuple[dict[str, str], dict[str, str]]:
    """How the client names itself to the token endpoint (RFC 6749 section 2.3.1): form and headers."""
    if not secret:
        return {"client_id": client.client_id}, {}
    methods = configuration.get("token_endpoint_auth_methods_supported")
    if isinstance(methods, list) and "client_secret_basic" not in methods:
        return {"client_id": client.client_id, "client_secret": secret}, {}
    pair = f"{quote_plus(client.client_id)}:{quote_plus(secret)}"
    return {}, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _with_query(endpoint: str, asked: Mapping[str, str]) -> str:
    # An endpoint may have a query of its own, which stays (RFC 6749 section 3.1).
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def _not_offered(issuer: str) -> Denial:
    return Denial(Code.LOGIN_INCOMPLETE, f"Nobody logs in at {shown(issuer)} here. Begin anew.")


def _refused(issuer: str, why: str) -> Denial:
    return Denial(
        Code.LOGIN_REFUSED, f"The login at {shown(issuer)} came to nothing: {why}. Begin anew."
    )


def _unavailable(error: FetchFailed) -> Outage:
    return Outage(Code.ISSUER_UNAVAILABLE, f"The issuer can't be asked: {error}.")
