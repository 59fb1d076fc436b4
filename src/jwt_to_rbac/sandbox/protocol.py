"""What a sandbox's owner and its keeper say to each other: one JSON object a line.

Only shapes; the keeper and `running.py` give them meaning. The owner sends an Order, then
Requests; the keeper answers each with one Reply. The end of the owner's pipe means: end all.
"""

from typing import Literal

import msgspec

# In the sandbox's folder: its Facts, for those who didn't start it.
FACTS_FILE = "sandbox.json"

DirectoryKind = Literal["openldap", "built-in"]


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a sandbox may be asked to be.

    `id_token_lifetime` is a Go duration; `issuer_tls` serves Dex by https with the sandbox's
    CA; `directory` None takes OpenLDAP where the machine has it. Without `control_plane` there
    are only Dex and the directory, for another cluster: `kubeconfig` then leads nowhere.
    With a `node` pods run, and all is in a network of its own (`node/`); needs root.
    """

    id_token_lifetime: str = "1h"
    issuer_tls: bool = False
    directory: DirectoryKind | None = None
    control_plane: bool = True
    node: bool = False


class Person(msgspec.Struct, frozen=True):
    """Somebody in the directory: `name` is the entry's cn, `email` is what they log in with."""

    name: str
    email: str
    password: str


class DirectoryAccess(msgspec.Struct, frozen=True):
    """Where the directory listens, and who may change it."""

    kind: DirectoryKind
    url: str
    admin: str
    password: str


class Facts(msgspec.Struct, frozen=True):
    """All that one needs to know to use a running sandbox. Paths are absolute."""

    directory: str
    kubeconfig: str
    api_server: str
    ca_file: str
    kubectl: str
    issuer: str
    client_id: str
    client_secret: str
    public_client_id: str
    people: dict[str, Person]
    directory_access: DirectoryAccess


class PartState(msgspec.Struct, frozen=True):
    """One program: `pid` is None while it is stopped; `trouble` tells why it died, if it did."""

    name: str
    pid: int | None
    log: str
    trouble: str | None


class Order(msgspec.Struct, frozen=True):
    """The first line to the keeper. `folder` None: one of its own under the cache.

    A detached keeper goes on when the pipe ends.
    """

    options: Options
    programs: dict[str, str]
    folder: str | None
    detached: bool


class StopPart(msgspec.Struct, frozen=True, tag=True):
    """End one part (SIGKILL, as a crash would)."""

    name: str


class StartPart(msgspec.Struct, frozen=True, tag=True):
    """Start a stopped part on its old port and data, with `flags` after its usual ones."""

    name: str
    flags: tuple[str, ...] = ()


class AddApiServer(msgspec.Struct, frozen=True, tag=True):
    """Start another kube-apiserver on the same etcd, as a part named `name`, with `flags`."""

    name: str
    port: int
    flags: tuple[str, ...] = ()


class Inspect(msgspec.Struct, frozen=True, tag=True):
    """Ask for the state of every part."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The sandbox is up."""

    facts: Facts


class Parts(msgspec.Struct, frozen=True, tag=True):
    """The answer to every Request that worked."""

    parts: list[PartState]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """What went wrong, for a person."""

    message: str


Request = StopPart | StartPart | AddApiServer | Inspect
Reply = Ready | Parts | Failed
