"""One configured issuer, as a value that can't be wrong; no file is read and nothing is fetched."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from jwt_to_rbac.core.claim_mapping import ClaimMapping
from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.oidc.algorithms import DEFAULT_ALGORITHMS, KEY_SHAPE

_LONGEST_URL = 2048
"""Characters: what servers accept in practice, and what fits into a message."""


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """Whose ID tokens are believed, and for which audiences.

    `url` is compared with `iss` character by character (OpenID Connect Core 3.1.3.7).
    `audiences` are client ids: each audience of a token, and its `azp`, must be among them.
    `algorithms` is the allow-list. `ca_pem`, or the file `ca_file`, holds the PEM certificates
    to trust instead of the system's; `verify_tls` False trusts anybody. `discovery_url` is for
    an issuer that is reached at another address than its name. `max_age` refuses tokens issued
    more than that many seconds ago. `mapping` says which claims tell who somebody is.

    Raises InvalidInput (configuration_invalid).
    """

    url: str
    audiences: frozenset[str]
    algorithms: frozenset[str] = DEFAULT_ALGORITHMS
    ca_file: Path | None = None
    discovery_url: str = ""
    max_age: float | None = None
    ca_pem: str = ""
    verify_tls: bool = True
    mapping: ClaimMapping = field(default_factory=ClaimMapping)

    def __post_init__(self) -> None:
        if not is_web_address(self.url) or "?" in self.url:
            raise _invalid(f"issuer {self.url!r} must be an http(s) URL with no query or fragment")
        if not self.audiences or "" in self.audiences:
            raise _invalid(f"issuer {self.url!r} needs at least one audience, and none empty")
        unknown = sorted(self.algorithms - KEY_SHAPE.keys())
        if unknown or not self.algorithms:
            raise _invalid(
                f"issuer {self.url!r} may allow {', '.join(KEY_SHAPE)}; found {unknown or 'none'}"
            )
        if self.discovery_url and not is_web_address(self.discovery_url):
            raise _invalid(f"discovery URL {self.discovery_url!r} must be an http(s) URL")
        if self.max_age is not None and not self.max_age > 0:
            raise _invalid(f"issuer {self.url!r}: the maximum age must be more than 0 seconds")

    @property
    def key_source(self) -> tuple[object, ...]:
        """Where its keys are had from, and who vouches for that place."""
        return (self.configuration_url, self.ca_file, self.ca_pem, self.verify_tls)

    @property
    def configuration_url(self) -> str:
        """Where the discovery document is (OpenID Connect Discovery 1.0 section 4)."""
        return (
            self.discovery_url or self.url.removesuffix("/") + "/.well-known/openid-configuration"
        )


def is_web_address(url: str) -> bool:
    """Whether this is an absolute http or https URL without user name or fragment."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (reading it is what checks it)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and len(url) <= _LONGEST_URL
        and parts.username is None
        and "#" not in url
        and url.isascii()
        and url.isprintable()
        and " " not in url
    )


def _invalid(detail: str) -> InvalidInput:
    return InvalidInput(Code.CONFIGURATION_INVALID, detail)
