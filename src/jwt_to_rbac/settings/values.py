"""What the program runs with, as values that wiring hands out; where they come from is for `load`."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from jwt_to_rbac.certificate_files import CertificateFiles
from jwt_to_rbac.core.claim_mapping import ClaimMapping
from jwt_to_rbac.core.lifetime import TokenLifetimes
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.usecases.door import Limits


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the server listens. `host` is an IP address; port 0 lets the system choose."""

    host: str = "0.0.0.0"  # noqa: S104  (a server in a pod; every endpoint authenticates)
    port: int = 5555


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The listener for API servers. `certificates` always name a client authority."""

    listen: Listen
    certificates: CertificateFiles


@dataclass(frozen=True, slots=True)
class Web:
    """The Authentication App: its origin as browsers reach it, and the files of its cookies' keys."""

    public_url: str
    session_key_files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Logging:
    """`level`: debug, info, warning or error; `format`: json or text; `color` only with text."""

    level: str = "info"
    format: str = "json"
    color: bool = False


SCOPES = ("openid", "email", "profile", "groups", "offline_access", "federated:id")
"""What is asked of an issuer for a person; federated:id is Dex's, for its connectors' ids."""


@dataclass(frozen=True, slots=True)
class Login:
    """How a person's own machine logs in at an issuer: as which public client, for which scopes.

    Without a `name` people read the issuer's host; without a `client_id` it is the issuer's
    first audience. `web_client_id` is the web app's; empty: the same client. A client without
    `web_client_secret_file` is public.
    """

    name: str = ""
    client_id: str = ""
    scopes: tuple[str, ...] = SCOPES
    web_client_id: str = ""
    web_client_secret_file: Path | None = None


@dataclass(frozen=True, slots=True)
class PublicCluster:
    """The cluster as people reach it. An empty `server` or no `ca_file`: as the program does."""

    name: str = "kubernetes"
    server: str = ""
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class AuditSink:
    """Where records go: `file` None is the standard output.

    The file is moved away from `rotate_bytes` on; `keep` of those are kept, 0 for all.
    """

    file: Path | None = None
    rotate_bytes: int = 100 * 1024 * 1024
    keep: int = 0


@dataclass(frozen=True, slots=True)
class Issuer:
    """One OpenID Connect issuer: whose ID tokens are believed, and what their claims mean.

    `ca_pem` holds PEM certificates, `ca_file` names a file of them; at most one is set, and
    neither means the system's authorities. `discovery_url` is empty for the usual address.
    `algorithms` is the allow-list of signatures. `verify_tls` False is for trials alone.
    """

    url: str
    audiences: tuple[str, ...]
    mapping: ClaimMapping = field(default_factory=ClaimMapping)
    algorithms: tuple[str, ...] = ("RS256",)
    discovery_url: str = ""
    ca_pem: str = ""
    ca_file: Path | None = None
    verify_tls: bool = True
    login: Login = Login()


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings in force; immutable, so that a reload swaps one value for another.

    `kubeconfig` is a path; empty means the pod's own ServiceAccount, and outside of a pod
    the usual lookup ($KUBECONFIG, then ~/.kube/config). `audit` says where records go.
    `unauthenticated` is the first system's open API and implies a loopback `listen`.
    `token_creation` says whether `POST /tokens/{name}` exists, `stored_tokens` whether it keeps
    tokens in Secrets. `certificates` None: plain HTTP. `web`, `webhooks` None: none.
    """

    issuers: tuple[Issuer, ...]
    policy: Policy = field(default_factory=Policy)
    listen: Listen = field(default_factory=Listen)
    certificates: CertificateFiles | None = None
    web: Web | None = None
    webhooks: Webhooks | None = None
    unauthenticated: bool = False
    caller_audience: str = "jwt-to-rbac"
    logging: Logging = field(default_factory=Logging)
    audit: AuditSink = field(default_factory=AuditSink)
    kubeconfig: str = ""
    accounts_namespace: str = "jwt-to-rbac-users"
    cluster: PublicCluster = PublicCluster()
    tokens: TokenLifetimes = field(default_factory=TokenLifetimes)
    token_creation: bool = True
    stored_tokens: bool = False
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    limits: Limits = field(default_factory=Limits)
