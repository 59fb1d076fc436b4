"""The bodies that the first system's paths answer: its keys, then ours. Shapes only."""

import base64

from msgspec import UNSET, Struct, UnsetType, field

from jwt_to_rbac.api.answers import GrantGiven, grants
from jwt_to_rbac.core.account import Credential
from jwt_to_rbac.usecases.log_in import LoggedIn


class SecretData(Struct):
    """Every value in base64, as a Secret has it."""

    ca_crt: str = field(name="ca.crt")
    namespace: str
    token: str


class TokenSecret(Struct):
    """A ServiceAccount token as the first system showed its Secrets; the time is RFC 3339."""

    name: str
    data: SecretData
    expiration_timestamp: str = field(name="expirationTimestamp")


class FederatedClaims(Struct):
    """Dex's connector and the person's id there; empty where the token doesn't tell."""

    connector_id: str
    user_id: str


class Login(Struct, rename="pascal"):
    """Who logged in and what they hold now. `Token` is there if a `duration` was named."""

    email: str
    groups: tuple[str, ...]
    federated_claims: FederatedClaims
    service_account: str
    grants: tuple[GrantGiven, ...]
    unmatched_groups: tuple[str, ...]
    token: TokenSecret | UnsetType = UNSET


class Listed(Struct):
    """Names of all that was made."""

    sa_list: tuple[str, ...]
    crole_list: tuple[str, ...]
    crolebind_list: tuple[str, ...]
    rolebind_list: tuple[str, ...]


def login(done: LoggedIn, token: TokenSecret | UnsetType = UNSET) -> Login:
    return Login(
        email=done.person.email,
        groups=done.person.groups,
        federated_claims=FederatedClaims(done.person.connector, done.person.user_id),
        service_account=done.account.name,
        grants=grants(done.access),
        unmatched_groups=done.access.unmatched_groups,
        token=token,
    )


def token_secret(issued: Credential, ca_certificate: bytes) -> TokenSecret:
    data = SecretData(
        ca_crt=_base64(ca_certificate),
        namespace=_base64(issued.namespace.encode()),
        token=_base64(issued.token.encode()),
    )
    return TokenSecret(issued.session.name, data, issued.expires_at)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
