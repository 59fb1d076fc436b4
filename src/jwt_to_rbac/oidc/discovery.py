"""From an issuer's configuration to its keys (OpenID Connect Discovery 1.0); nothing is cached here."""

import aiohttp

from jwt_to_rbac.oidc.fetch import FETCH_SECONDS, FetchFailed, fetch_document
from jwt_to_rbac.oidc.key_set import KeySet, NotAKeySet, read_key_set
from jwt_to_rbac.oidc.shown import shown
from jwt_to_rbac.oidc.strict_json import NotStrictJson, parse_object
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer, is_web_address


async def fetch_keys(
    session: aiohttp.ClientSession, issuer: TrustedIssuer, seconds: float = FETCH_SECONDS
) -> KeySet:
    """Read the discovery document and the key set that it names, `seconds` each at most.

    Both anew each time: an issuer may move its keys. Raises FetchFailed.
    """
    configuration = await fetch_document(session, issuer, issuer.configuration_url, seconds)
    address = _jwks_uri(configuration, issuer)
    document = await fetch_document(session, issuer, address, seconds)
    try:
        return read_key_set(document)
    except NotAKeySet as error:
        raise FetchFailed(f"{address}: {error}") from None


def _jwks_uri(document: bytes, issuer: TrustedIssuer) -> str:
    where = issuer.configuration_url
    try:
        configuration = parse_object(document)
    except NotStrictJson as error:
        raise FetchFailed(f"{where} can't be read: {error}") from None
    named = configuration.get("issuer")
    if named != issuer.url:
        # Discovery section 4.3: else one issuer could pass off its keys as another's.
        found = shown(named) if isinstance(named, str) else "no name"
        raise FetchFailed(f"{where} is of issuer {found}, but {shown(issuer.url)} is configured")
    address = configuration.get("jwks_uri")
    if not isinstance(address, str) or not is_web_address(address):
        raise FetchFailed(f"{where} names no usable jwks_uri")
    if where.startswith("https:") and not address.startswith("https:"):
        raise FetchFailed(f"{where} names keys at an address that is not https")
    return address
