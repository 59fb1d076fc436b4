"""What the listeners' keys mean, and what in them can't be; looks into the certificate files."""

import re
from ipaddress import ip_address
from pathlib import Path as FilePath

from jwt_to_rbac.certificate_files import CertificateFiles
from jwt_to_rbac.core.errors import InvalidInput
from jwt_to_rbac.settings.configuration import Server, Webhooks
from jwt_to_rbac.settings.document import Path, shown
from jwt_to_rbac.settings.shape import Report
from jwt_to_rbac.settings.values import Listen
from jwt_to_rbac.settings.values import Webhooks as WebhookSettings

_ADDRESS = re.compile(r"(?:\[([^\[\]]*)\]|([^\[\]:]*)):([0-9]{1,5})", re.ASCII)


def listening(address: str, path: Path, wrong: Report) -> Listen | None:
    """Where to listen, None where that went to `wrong`; `path` is the key that says it."""
    found = _ADDRESS.fullmatch(address)
    host, port = (found[1] or found[2] or "", int(found[3])) if found else ("", -1)
    # A name would be looked up, and could then be any address: only the one that can't.
    host = {"": "0.0.0.0", "localhost": "127.0.0.1"}.get(host, host)  # noqa: S104
    if not 0 <= port <= 65535 or not _is_address(host):
        wrong(
            path,
            f"is {shown(address)}, but must be an IP address and a port such as "
            "127.0.0.1:5555, [::1]:5555 or :5555",
        )
        return None
    return Listen(host, port)


def own_certificates(server: Server, wrong: Report) -> CertificateFiles | None:
    """What the main listener speaks TLS with, or None for plain HTTP."""
    if not (server.certificate_file or server.key_file):
        return None
    for key, value in (("certificateFile", server.certificate_file), ("keyFile", server.key_file)):
        if not value:
            wrong(("server", key), "is missing: a certificate and its key go together")
            return None
    return _files(("server",), server, wrong)


def webhooks(form: Webhooks, server: Server, wrong: Report) -> WebhookSettings | None:
    """The listener for API servers, or None where there is none."""
    others = {
        "certificateFile": form.certificate_file,
        "keyFile": form.key_file,
        "clientAuthorityFile": form.client_authority_file,
    }
    if not form.address:
        for key, value in others.items():
            if value:
                wrong(("webhooks", key), "has no effect without webhooks.address")
        return None
    listen = listening(form.address, ("webhooks", "address"), wrong)
    if form.address == server.address:
        wrong(
            ("webhooks", "address"), "is also server.address: API servers need a port of their own"
        )
    missing = [key for key, value in others.items() if not value]
    for key in missing:
        wrong(("webhooks", key), "is missing: API servers are let in by certificate alone")
    files = None if missing else _files(("webhooks",), form, wrong)
    return WebhookSettings(listen, files) if listen and files else None


def _files(at: Path, form: Server | Webhooks, wrong: Report) -> CertificateFiles | None:
    authority = form.client_authority_file if isinstance(form, Webhooks) else ""
    named = {"certificateFile": form.certificate_file, "keyFile": form.key_file}
    if authority:
        named["clientAuthorityFile"] = authority
    relative = {key: file for key, file in named.items() if not FilePath(file).is_absolute()}
    for key, file in relative.items():
        wrong((*at, key), f"is {shown(file)}, but must be an absolute path")
    if relative:
        return None
    files = CertificateFiles(
        FilePath(form.certificate_file),
        FilePath(form.key_file),
        FilePath(authority) if authority else None,
    )
    try:
        files.check()
    except InvalidInput as error:
        wrong((*at, "certificateFile"), f"or what belongs to it is not usable: {error.detail}")
        return None
    return files


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
