"""A real local cluster (kube-apiserver, Dex, a directory) for trying and testing, on loopback.

    with start(Options(id_token_lifetime="10m")) as sandbox:
        token = sandbox.id_token("jane")

This is the whole API for tests and the demo; `detached` is the command line's form.
"""

from jwt_to_rbac.sandbox.errors import (
    DirectoryRefused,
    LoginFailed,
    NotRunning,
    PartFailed,
    SandboxError,
)
from jwt_to_rbac.sandbox.protocol import Facts, Options, PartState, Person
from jwt_to_rbac.sandbox.running import SCOPES, Sandbox, start

__all__ = [
    "SCOPES",
    "DirectoryRefused",
    "Facts",
    "LoginFailed",
    "NotRunning",
    "Options",
    "PartFailed",
    "PartState",
    "Person",
    "Sandbox",
    "SandboxError",
    "start",
]
