"""What the web app's keys mean, and what in them can't be; looks into the key files."""

from pathlib import Path as FilePath
from urllib.parse import urlsplit

from jwt_to_rbac.session_keys import SessionKeyFiles, UnusableKey
from jwt_to_rbac.settings.configuration import Authenticator
from jwt_to_rbac.settings.configuration import Web as Form
from jwt_to_rbac.settings.document import Path, shown
from jwt_to_rbac.settings.issuer_meaning import is_loopback
from jwt_to_rbac.settings.shape import Report
from jwt_to_rbac.settings.values import Web


def web_app(form: Form, jwt: tuple[Authenticator, ...], wrong: Report) -> Web | None:
    """The web app, or None where there is none."""
    if not form.public_url:
        _without_effect(form, jwt, wrong)
        return None
    if not _is_origin(form.public_url.removesuffix("/")):
        wrong(
            ("web", "publicURL"),
            f"is {shown(form.public_url)}, but must be https://host[:port] without a path; http "
            "only on a loopback address, or people's cookies could be read on the way",
        )
    files = tuple(map(FilePath, form.session_key_files))
    if not files:
        wrong(
            ("web", "sessionKeyFiles"),
            "is missing: name a file that `openssl rand -base64 32` wrote",
        )
    for index, file in enumerate(files):
        _check_key(file, ("web", "sessionKeyFiles", index), wrong)
    for index, entry in enumerate(jwt):
        secret = entry.login.web_client_secret_file
        if secret:
            _check_secret(FilePath(secret), ("jwt", index, "login", "webClientSecretFile"), wrong)
    return Web(form.public_url.removesuffix("/"), files)


def _without_effect(form: Form, jwt: tuple[Authenticator, ...], wrong: Report) -> None:
    idle: list[Path] = [("web", "sessionKeyFiles")] if form.session_key_files else []
    for index, entry in enumerate(jwt):
        given = {
            "webClientID": entry.login.web_client_id,
            "webClientSecretFile": entry.login.web_client_secret_file,
        }
        idle += [("jwt", index, "login", key) for key, value in given.items() if value]
    for path in idle:
        wrong(path, "has no effect without web.publicURL")


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    shown_host = f"[{host}]" if ":" in host else host
    # Spelled as browsers spell an Origin, which is compared with it.
    origin = f"{parts.scheme}://{shown_host}{'' if port is None else f':{port}'}"
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return bool(host) and secure and url == origin and url.isascii() and port != usual


def _check_key(file: FilePath, path: Path, wrong: Report) -> None:
    if not file.is_absolute():
        wrong(path, f"is {shown(str(file))}, but must be an absolute path")
        return
    try:
        SessionKeyFiles((file,)).read()
    except UnusableKey as error:
        wrong(path, str(error))


def _check_secret(file: FilePath, path: Path, wrong: Report) -> None:
    if not file.is_absolute():
        wrong(path, f"is {shown(str(file))}, but must be an absolute path")
        return
    try:
        empty = not file.read_text().strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        wrong(path, f"names {shown(str(file))}, which can't be read: {reason}")
        return
    if empty:
        wrong(path, f"names {shown(str(file))}, which is empty")
