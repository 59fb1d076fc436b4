"""What clients begin with: which issuers and clusters there are, and whose certificates to believe."""

from pathlib import Path
from urllib.parse import urlsplit

from jwt_to_rbac.api.well_known import Beginning, ClusterToUse, IssuerToUse, base64_of
from jwt_to_rbac.kube.cluster_info import ClusterInfo
from jwt_to_rbac.kube.official import Configuration
from jwt_to_rbac.settings.values import Settings


def beginning(settings: Settings, known: ClusterInfo) -> Beginning:
    """`known` is how the cluster is reached where the configuration doesn't say it."""
    cluster = settings.cluster
    authority = cluster.ca_file.read_bytes() if cluster.ca_file else known.ca_pem
    return Beginning(
        tuple(
            IssuerToUse(
                name=issuer.login.name or urlsplit(issuer.url).netloc,
                issuer=issuer.url,
                client_id=issuer.login.client_id or issuer.audiences[0],
                scopes=issuer.login.scopes,
                ca_data=base64_of(issuer.ca_file.read_bytes() if issuer.ca_file else issuer.ca_pem),
            )
            for issuer in settings.issuers
        ),
        (
            ClusterToUse(
                name=cluster.name,
                server=cluster.server or known.server,
                ca_data=base64_of(authority),
            ),
        ),
    )


def own_way(configuration: Configuration) -> ClusterInfo:
    """The cluster as the program itself reaches it."""
    return ClusterInfo(configuration.host, ca_certificate(configuration))


def ca_certificate(configuration: Configuration) -> bytes:
    """The API server's CA in PEM, for clients; empty where the system's authorities vouch for it."""
    if configuration.ssl_ca_cert:
        return Path(configuration.ssl_ca_cert).read_bytes()
    return (configuration.ca_cert_data or "").encode()
