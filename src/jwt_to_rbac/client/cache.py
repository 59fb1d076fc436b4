"""A login's folder in the person's own cache: its state, the credential for kubectl, and the lock.

Directories have mode 0700 and files 0600; whatever is written replaces the file in one step.
"""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from jwt_to_rbac.client.errors import ClientError
from jwt_to_rbac.client.handed_out import Credential

_PAUSE = 0.05
"""Seconds between two looks at a lock that somebody holds."""


@dataclass
class State:
    """What is known between calls. Times are in seconds since 1970, by the server's clock.

    `session` names the session at our server; `id_token` is the newest. `issuer`, `client_id`
    and `scopes` are those that the tokens came from. `over` says why there is no login any more. `windows` counts the logins
    that were begun since the last one that worked, `window_at` is the last (this machine's clock).
    `kubernetes` is the API server's URL, `kubernetes_ca` its authority's certificates in PEM.
    """

    issuer: str = ""
    client_id: str = ""
    scopes: list[str] = field(default_factory=list)
    subject: str = ""
    refresh_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)
    session: str = ""
    account: str = ""
    username: str = ""
    token: str = field(default="", repr=False)
    token_expires: float = 0.0
    cluster: str = ""
    kubernetes: str = ""
    kubernetes_ca: str = ""
    over: str = ""
    windows: int = 0
    window_at: float = 0.0


class Cache:
    """One login's folder; made when something is written."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._path = Path(folder)

    def state(self) -> State:
        """What was written last; a new State if that can't be read."""
        try:
            found = json.loads((self._path / "state.json").read_text())
            known = {each.name for each in fields(State)}
            return State(**{name: value for name, value in found.items() if name in known})
        except (OSError, ValueError, TypeError, AttributeError):
            return State()

    def write_state(self, state: State) -> None:
        """Keep it for the next call. Only under the lock."""
        self._replace("state.json", json.dumps(asdict(state)))

    def write_credential(self, expires: float, document: str) -> Credential:
        """Make it what kubectl gets until `expires` (this machine's clock). Only under the lock."""
        written = Credential(int(expires), secrets.token_hex(4), document)
        self._replace("credential", f"{written.expires} {written.generation}\n{document}")
        return written

    def forget_credential(self) -> None:
        """No kubectl call gets it from now on."""
        (self._path / "credential").unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove everything but the lock, which somebody may wait for."""
        for name in ("credential", "state.json", "handed-out"):
            (self._path / name).unlink(missing_ok=True)

    @contextmanager
    def locked(self, waiting: Callable[[float], None]) -> Iterator[None]:
        """Hold the login's lock, which the kernel gives back however this process ends.

        While somebody else holds it, `waiting` is called with the seconds waited so far; it may
        raise to give up.
        """
        self._make_folder()
        handle = os.open(self._path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            began = time.monotonic()
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    waiting(time.monotonic() - began)
                    time.sleep(_PAUSE)
            yield
        finally:
            os.close(handle)

    def _make_folder(self) -> None:
        try:
            for folder in (*reversed(self._path.parents[:2]), self._path):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                if folder.stat().st_mode & 0o077:
                    folder.chmod(0o700)
        except OSError as e:
            raise ClientError(
                f"The cache can't be written: {e.strerror}: {e.filename}. Make it yours, or "
                "set XDG_CACHE_HOME to a folder that is."
            ) from e

    def _replace(self, name: str, text: str) -> None:
        self._make_folder()
        unfinished = self._path / f"{name}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(unfinished, flags, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        unfinished.replace(self._path / name)
