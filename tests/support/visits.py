"""Visits to the web app without a browser: the cookie that a login leaves, sealed with the server's own key."""

import secrets
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from jwt_to_rbac.session_keys import SessionKeyFiles
from jwt_to_rbac.web.cookies import Visiting
from jwt_to_rbac.web.seal import Seal

NAME = "jwt-to-rbac"
HOUR = 3600


def visit(issuer: str, subject: str, account: str) -> Visiting:
    """Somebody who logged in this moment."""
    now = int(time.time())
    key = secrets.token_urlsafe(18)
    return Visiting(issuer, subject, account, now, now + HOUR, now + HOUR, key)


def cookie(keys: Sequence[Path], visiting: Visiting) -> str:
    """The value of the header `Cookie`, for a server that is known to browsers by http."""
    seal = Seal(SessionKeyFiles(tuple(keys)), lambda why: None)
    return f"{NAME}={seal.seal(msgspec.msgpack.encode(visiting), NAME)}"
