"""The issuers that a configuration trusts."""

from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.settings.values import Settings


def trusted(settings: Settings) -> list[TrustedIssuer]:
    """Each with what its tokens are verified by."""
    return [
        TrustedIssuer(
            issuer.url,
            frozenset(issuer.audiences),
            frozenset(issuer.algorithms),
            issuer.ca_file,
            issuer.discovery_url,
            ca_pem=issuer.ca_pem,
            verify_tls=issuer.verify_tls,
            mapping=issuer.mapping,
        )
        for issuer in settings.issuers
    ]
