"""One revision of one object, as much of it as the invariants need. No connection, no judgement."""

from dataclasses import dataclass

import msgspec

OURS = {"generatedby": "jwttorbac", "app.kubernetes.io/managed-by": "jwt-to-rbac"}
WRITER = "jwt-to-rbac"
"""What the API server calls the program among an object's writers (`managedFields`)."""

Key = tuple[str, str, str]
"""Kind, namespace (empty for the cluster) and name."""


class Owner(msgspec.Struct, frozen=True):
    kind: str
    name: str
    uid: str


class _Writer(msgspec.Struct, frozen=True):
    manager: str = ""


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    uid: str
    resource_version: str
    namespace: str = ""
    labels: dict[str, str] = {}
    owner_references: tuple[Owner, ...] = ()
    managed_fields: tuple[_Writer, ...] = ()
    deletion_timestamp: str | None = None


class _Role(msgspec.Struct, frozen=True):
    name: str = ""


class Subject(msgspec.Struct, frozen=True):
    kind: str
    name: str
    namespace: str = ""


class Object(msgspec.Struct, frozen=True, rename="camel"):
    metadata: _Meta
    role_ref: _Role = _Role()
    subjects: tuple[Subject, ...] | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """`version` orders all revisions of all kinds; `at` is when it was heard of (seconds since 1970).

    `gone`: with this revision the object is no more. `owner` is the AccessGrant that it belongs
    to. `grant` is what a binding gives: `admin@cluster`, or the namespace in the cluster's place.
    """

    version: int
    at: float
    key: Key
    uid: str
    gone: bool = False
    ending: bool = False
    marked: bool = True
    owner: Owner | None = None
    writers: frozenset[str] = frozenset({WRITER})
    grant: str = ""
    subjects: tuple[Subject, ...] = ()

    @property
    def kind(self) -> str:
        return self.key[0]

    @property
    def name(self) -> str:
        return self.key[2]

    def __str__(self) -> str:
        return f"{'/'.join(filter(None, self.key))} (revision {self.version})"


def revision(kind: str, seen: Object, at: float, gone: bool) -> Revision:
    meta, role = seen.metadata, seen.role_ref.name
    owners = [one for one in meta.owner_references if one.kind == "AccessGrant"]
    return Revision(
        version=int(meta.resource_version),
        at=at,
        key=(kind, meta.namespace, meta.name),
        uid=meta.uid,
        gone=gone,
        ending=meta.deletion_timestamp is not None,
        marked=all(meta.labels.get(key) == value for key, value in OURS.items()),
        owner=owners[0] if owners else None,
        writers=frozenset(one.manager for one in meta.managed_fields),
        grant=f"{role}@{meta.namespace or 'cluster'}" if role else "",
        subjects=seen.subjects or (),
    )
