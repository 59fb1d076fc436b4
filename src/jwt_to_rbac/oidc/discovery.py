"""From an issuer's configuration to its keys (OpenID Connect Discovery 1.0); nothing is cached here."""

from collections.abc import Mapping

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
    configuration = await fetch_configuration(session, issuer, seconds)
    address = named_address(configuration, "jwks_uri", issuer)
    document = await fetch_document(session, issuer, address, seconds)
    try:
        return read_key_set(document)
    except NotAKeySet as error:
        raise FetchFailed(f"{address}: {error}") from None


async def fetch_configuration(
    session: aiohttp.ClientSession, issuer: TrustedIssuer, seconds: float = FETCH_SECONDS
) -> dict[str, object]:
    """The discovery document, which is this issuer's own. Raises FetchFailed."""
    where = issuer.configuration_url
    document = await fetch_document(session, issuer, where, seconds)
    try:
        configuration = parse_object(document)
    except NotStrictJson as error:
        raise FetchFailed(f"{where} can't be read: {error}") from None
    named = configuration.get("issuer")
    if named != issuer.url:
        # Discovery section 4.3: else one issuer could pass off its keys as another's.
        found = shown(named) if isinstance(named, str) else "no name"
        raise FetchFailed(f"{where} is of issuer {found}, but {shown(issuer.url)} is configured")
    return configuration


def named_address(configuration: Mapping[str, object], member: str, issuer: TrustedIssuer) -> str:
    """The address in a member of the discovery document. Raises FetchFailed."""
    where, address = issuer.configuration_url, configuration.get(member)
    if not isinstance(address, str) or not is_web_address(address):
        raise FetchFailed(f"{where} names no usable {member}")
    if where.startswith("https:") and not address.startswith("https:"):
        raise FetchFailed(f"{where} names a {member} that is not https")
    return address
