"""What the entries of `jwt` mean, and what in them can't be; reads the CA files that they name."""

from ipaddress import ip_address
from pathlib import Path as FilePath
from urllib.parse import SplitResult, urlsplit

from cryptography.x509 import load_pem_x509_certificates

from jwt_to_rbac.settings.claim_meaning import claim_mapping
from jwt_to_rbac.settings.configuration import Authenticator, IssuerForm
from jwt_to_rbac.settings.document import Path, dotted, shown
from jwt_to_rbac.settings.shape import Report
from jwt_to_rbac.settings.values import Issuer, Login


def issuers(jwt: tuple[Authenticator, ...], wrong: Report, warn: Report) -> tuple[Issuer, ...]:
    """The issuers; what can't be goes to `wrong`, what had better not to `warn`."""
    seen: dict[str, Path] = {}
    for index, entry in enumerate(jwt):
        for key, url in (("url", entry.issuer.url), ("discoveryURL", entry.issuer.discovery_url)):
            path: Path = ("jwt", index, "issuer", key)
            if url and url in seen:
                wrong(path, f"is also {dotted(seen[url])}: each must differ")
            seen.setdefault(url, path)
    return tuple(_issuer(entry, ("jwt", i), wrong, warn) for i, entry in enumerate(jwt))


def is_loopback(host: str) -> bool:
    """Whether `host` (an IP address or `localhost`) never leaves the machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _issuer(entry: Authenticator, path: Path, wrong: Report, warn: Report) -> Issuer:
    form, at = entry.issuer, (*path, "issuer")
    _check_url(form.url, (*at, "url"), wrong, warn)
    if "?" in form.url:
        wrong((*at, "url"), "has a query (?): an issuer's name has none")
    if form.discovery_url:
        _check_url(form.discovery_url, (*at, "discoveryURL"), wrong, warn)
    _check_audiences(form, at, wrong)
    _check_authority(form, at, wrong, warn)
    if len(set(form.signing_algorithms)) < len(form.signing_algorithms):
        wrong((*at, "signingAlgorithms"), "names one twice: keep one")
    return Issuer(
        url=form.url,
        audiences=form.audiences,
        mapping=claim_mapping(entry, path, wrong),
        algorithms=form.signing_algorithms,
        discovery_url=form.discovery_url,
        ca_pem=form.certificate_authority,
        ca_file=FilePath(form.certificate_authority_file)
        if form.certificate_authority_file
        else None,
        verify_tls=not form.insecure_skip_tls_verify,
        login=_login(entry, path, wrong),
    )


def _login(entry: Authenticator, path: Path, wrong: Report) -> Login:
    form, issuer = entry.login, entry.issuer
    if form.client_id and form.client_id not in issuer.audiences:
        wrong(
            (*path, "login", "clientID"),
            f"is {shown(form.client_id)}, but tokens made for it would be refused: name one of "
            "issuer.audiences",
        )
    if form.web_client_id and form.web_client_id not in issuer.audiences:
        wrong(
            (*path, "login", "webClientID"),
            f"is {shown(form.web_client_id)}, but tokens made for it would be refused: name one "
            "of issuer.audiences",
        )
    secret = FilePath(form.web_client_secret_file) if form.web_client_secret_file else None
    if "openid" not in form.scopes:
        wrong((*path, "login", "scopes"), "lacks openid, without which there is no ID token")
    return Login(form.name, form.client_id, form.scopes, form.web_client_id, secret)


def _check_url(url: str, path: Path, wrong: Report, warn: Report) -> None:
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        wrong(path, f"is {shown(_without_user(url))}, but must be https://host/path")
    elif parts.username is not None or parts.password is not None:
        # Not shown: there may be a password in it.
        wrong(path, "has a user name or password: take it out, and change the password")
    elif "#" in url:
        wrong(path, "has a fragment (#): an issuer's name has none")
    elif parts.scheme == "http" and not is_loopback(parts.hostname):
        warn(path, "is http: whoever is on the way can make tokens for anybody; use https")


def _split(url: str) -> SplitResult | None:
    if not (url.isascii() and url.isprintable()) or " " in url:
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (reading it is what checks it)
    except ValueError:
        return None
    return parts


def _without_user(url: str) -> str:
    return f"…@{url.rpartition('@')[2]}" if "@" in url else url


def _check_audiences(form: IssuerForm, at: Path, wrong: Report) -> None:
    if len(set(form.audiences)) < len(form.audiences):
        wrong((*at, "audiences"), "names one twice: keep one")
    if len(form.audiences) > 1 and not form.audience_match_policy:
        # Kubernetes' rule, so that nobody takes several audiences for "all of them".
        wrong((*at, "audiences"), "has several: say `audienceMatchPolicy: MatchAny` beside it")


def _check_authority(form: IssuerForm, at: Path, wrong: Report, warn: Report) -> None:
    inline, file = form.certificate_authority, form.certificate_authority_file
    if form.insecure_skip_tls_verify:
        warn(
            (*at, "insecureSkipTLSVerify"),
            "is true: the issuer's certificate is NOT checked, and whoever is on the way can "
            "make tokens for anybody; give its authority instead",
        )
        for key, value in (("certificateAuthority", inline), ("certificateAuthorityFile", file)):
            if value:
                wrong((*at, key), "has no effect with insecureSkipTLSVerify: keep one of them")
    elif inline and file:
        wrong((*at, "certificateAuthorityFile"), "is there beside certificateAuthority: keep one")
    elif inline:
        _check_pem(inline.encode(), (*at, "certificateAuthority"), wrong)
    elif file:
        check_pem_file(FilePath(file), (*at, "certificateAuthorityFile"), wrong)


def check_pem_file(file: FilePath, path: Path, wrong: Report) -> None:
    """Whether a file that stands at `path` of the configuration holds certificates."""
    if not file.is_absolute():
        wrong(path, f"is {shown(str(file))}, but must be an absolute path")
        return
    try:
        pem = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path at all"
        wrong(path, f"names {shown(str(file))}, which can't be read: {reason}")
        return
    _check_pem(pem, path, wrong)


def _check_pem(pem: bytes, path: Path, wrong: Report) -> None:
    try:
        load_pem_x509_certificates(pem)
    except ValueError:
        # The text isn't shown: it may be a private key put in the wrong place.
        wrong(path, "holds no PEM certificates (-----BEGIN CERTIFICATE-----)")
