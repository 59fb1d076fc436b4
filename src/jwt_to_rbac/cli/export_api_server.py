"""`jwt-to-rbac export webhook-config` and `authorization-config`: what an API server needs to ask us."""

import datetime
import sys
from pathlib import Path
from urllib.parse import urlsplit

from jwt_to_rbac.certificate_authority import CertificateAuthority
from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.webhooks.api_server_files import (
    CACHE,
    NEVER,
    Connection,
    authorization_configuration,
    kubeconfig,
)
from jwt_to_rbac.webhooks.app import AUTHENTICATE, AUTHORIZE
from jwt_to_rbac.yaml_dump import dump

AUTHENTICATION_FILE = "authentication.kubeconfig"
AUTHORIZATION_FILE = "authorization.kubeconfig"

_NEXT = """\
Wrote {folder}/{authn} and {authz}.
kube-apiserver's flags for authentication:
  --authentication-token-webhook-config-file={there}/{authn}
  --authentication-token-webhook-version=v1
  --authentication-token-webhook-cache-ttl={never}
and for authorization, in the place of --authorization-mode:
  --authorization-config=FILE    from `jwt-to-rbac export authorization-config {there}/{authz}`
"""

_OURS = """\
The certificates are new, good for {days} days. In jwt-to-rbac's configuration:
  webhooks:
    address: ":9443"
    certificateFile: {there}/server.crt
    keyFile: {there}/server.key
    clientAuthorityFile: {there}/ca.crt
API servers need ca.crt, client.crt and client.key; keep ca.key to yourself. The same command,
run again, renews the certificates: both sides take up the new ones without a restart.
"""


def webhook_config(
    directory: Path,
    *,
    server: str,
    mounted_at: Path | None = None,
    certificate_authority: Path | None = None,
    client_certificate: Path | None = None,
    client_key: Path | None = None,
    days: int = 365,
) -> None:
    """Write the kubeconfigs by which an API server asks us, with certificates for both sides.

    Parameters
    ----------
    directory
        Where to write; made if need be, for its owner alone.
    server
        Our listener for webhooks as API servers reach it, such as https://10.0.0.7:9443.
    mounted_at
        Where the API server will have this directory, if elsewhere.
    certificate_authority
        Whom the API server trusts for our certificate, as a path on its machine. Without this
        and the next two an authority of its own is made, and certificates for both sides.
    client_certificate
        By what the API server shows who it is, as a path on its machine.
    client_key
        The key of that certificate.
    days
        How long certificates made here are good.
    """
    host = _host_of(server)
    given = (certificate_authority, client_certificate, client_key)
    if any(given) and not all(given):
        raise _wrong(
            "--certificate-authority, --client-certificate and --client-key go together: give "
            "all of them, or none to have them made"
        )
    there = (mounted_at or directory).absolute()
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not all(given):
            _make_certificates(directory, host, days)
        ca, certificate, key = (
            str(path or there / name)
            for path, name in zip(given, ("ca.crt", "client.crt", "client.key"), strict=True)
        )
        to = Connection(server, ca, certificate, key)
        for name, path in ((AUTHENTICATION_FILE, AUTHENTICATE), (AUTHORIZATION_FILE, AUTHORIZE)):
            (directory / name).write_text(dump(kubeconfig(to, path)))
    except (OSError, ValueError) as e:
        raise _wrong(f"{directory}: {e}") from e
    named = {"authn": AUTHENTICATION_FILE, "authz": AUTHORIZATION_FILE, "never": NEVER}
    print(_NEXT.format(folder=directory, there=there, **named), file=sys.stderr)
    if not all(given):
        print(_OURS.format(there=directory.absolute(), days=days), file=sys.stderr)


def authorization_config(kubeconfig_file: str, *, cache: str = CACHE) -> None:
    """Write an AuthorizationConfiguration that asks us about our users, and RBAC about everybody.

    Parameters
    ----------
    kubeconfig_file
        The authorization.kubeconfig of `webhook-config`, as a path on the API server's machine.
    cache
        How long the API server keeps an answer: a revocation takes up to that long.
    """
    print(dump(authorization_configuration(kubeconfig_file, cache)), end="")


def _make_certificates(folder: Path, host: str, days: int) -> None:
    lifetime = datetime.timedelta(days=days)
    authority = CertificateAuthority(folder, "jwt-to-rbac webhooks", lifetime)
    authority.issue("server", "jwt-to-rbac", hosts=(host,))
    authority.issue("client", "kube-apiserver")


def _host_of(server: str) -> str:
    parts = urlsplit(server)
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query:
        raise _wrong(f"--server: is {server!r}, but must be https://host:port with no path")
    return parts.hostname


def _wrong(detail: str) -> InvalidInput:
    return InvalidInput(Code.CONFIGURATION_INVALID, detail)
