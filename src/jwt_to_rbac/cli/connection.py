"""What people's commands have in common: which server they mean, and who asks it."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jwt_to_rbac.cli.kubeconfig_entry import target_in
from jwt_to_rbac.cli.kubeconfig_files import loaded
from jwt_to_rbac.client.cache import Cache
from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.errors import ClientError
from jwt_to_rbac.client.server import Server
from jwt_to_rbac.client.session import Session
from jwt_to_rbac.client.target import Target
from jwt_to_rbac.client.words import say

TokenFile = Annotated[
    Path | None,
    Parameter(
        allow_leading_hyphen=True,
        help="A Kubernetes token for the server's audience (`kubectl create token NAME "
        "--audience=jwt-to-rbac`), `-` for the standard input; else you, as you are logged in.",
    ),
]
"""For commands that administrators use, too."""


@Parameter(name="*")
@dataclass(frozen=True)
class Connection:
    """Options that every command takes."""

    server: Annotated[
        str,
        Parameter(
            help="The URL of jwt-to-rbac; else $JWT_TO_RBAC_SERVER, else that of kubectl's "
            "current context."
        ),
    ] = ""
    issuer: Annotated[str, Parameter(help="Which issuer, if the server has several.")] = ""
    cluster: Annotated[str, Parameter(help="Which cluster, if the server has several.")] = ""
    certificate_authority: Annotated[
        Path | None,
        Parameter(help="PEM file of who vouches for the server, if the system doesn't know it."),
    ] = None
    insecure_http: Annotated[
        bool, Parameter(negative=(), help="Send tokens in the clear where the URL says http.")
    ] = False
    kubeconfig: Annotated[
        Path | None, Parameter(help="This file alone, instead of kubectl's own.")
    ] = None

    def target(self, environment: Mapping[str, str] = os.environ, duration: str = "") -> Target:
        """The server that is meant. Raises ClientError if nothing says which."""
        server = self.server or environment.get("JWT_TO_RBAC_SERVER", "")
        alone = self.issuer or self.cluster or self.certificate_authority or self.insecure_http
        if not (server and alone):
            known = target_in(loaded(environment, self._existing()), server)
            if known:
                return known if not duration else _with_duration(known, duration)
        if not server:
            raise ClientError(
                "Which server? Give --server with the URL of jwt-to-rbac, or set "
                "JWT_TO_RBAC_SERVER (kubectl's current context names none)."
            )
        authority = str(self.certificate_authority) if self.certificate_authority else ""
        return Target(server, self.issuer, self.cluster, authority, self.insecure_http, duration)

    def _existing(self) -> Path | None:
        return self.kubeconfig if self.kubeconfig and self.kubeconfig.exists() else None


@dataclass(frozen=True)
class Asker:
    """Somebody at a server: `bearer` is what they show it."""

    session: Session
    server: Server
    bearer: str


@contextmanager
def session_of(target: Target) -> Iterator[Session]:
    """A login for writing: nobody else changes it meanwhile."""
    cache = Cache(target.folder(os.environ))
    with cache.locked(_Waiting()):
        yield Session(target, cache, ServerClock())


@contextmanager
def asking(connection: Connection, token_file: Path | None = None) -> Iterator[Asker]:
    """Call the server as the person who is logged in, or with the token in a file (`-`: stdin)."""
    target = connection.target()
    with session_of(target) as session:
        bearer = session.id_token() if token_file is None else read_token(token_file)
    yield Asker(session, session.server, bearer)
    tell_of_clock(session)


def tell_of_clock(session: Session) -> None:
    """Warn whose clock is far off, once the server has told the time."""
    if complaint := session.clock.complaint():
        say(f"jwt-to-rbac: {complaint}")


def read_token(file: Path) -> str:
    """A token from a file, `-` for the standard input. Raises ClientError."""
    try:
        token = (sys.stdin.read() if str(file) == "-" else file.read_text()).strip()
    except (OSError, UnicodeDecodeError) as e:
        raise ClientError(f"{file} can't be read: {e}.") from e
    if not token:
        raise ClientError(f"{file} holds no token.")
    return token


class _Waiting:
    """Tells once that somebody else is at it."""

    def __init__(self) -> None:
        self._told = False

    def __call__(self, waited: float) -> None:
        if waited > 1 and not self._told:
            say("Another login is under way; waiting for it. Ctrl-C to stop.")
            self._told = True


def _with_duration(target: Target, duration: str) -> Target:
    target.duration = duration
    return target
