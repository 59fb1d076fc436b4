"""The parts of Kubernetes objects that this program reads, as narrow msgspec Structs.

A field that isn't named here is skipped while decoding, which is what keeps ten thousand
objects small. None of them can be part of a cycle, so the collector needn't look at them
(`gc=False`: a full pass over 20,000 bindings takes 0.2 ms instead of 33). Bodies that are sent are
plain dictionaries, in `manifest`.
"""

from datetime import datetime

from msgspec import Struct, field


class OwnerReference(Struct, frozen=True, gc=False):
    kind: str
    name: str
    uid: str


class Meta(Struct, frozen=True, gc=False, rename="camel"):
    name: str
    uid: str = ""
    resource_version: str = ""
    namespace: str = ""
    generation: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    owner_references: tuple[OwnerReference, ...] = ()
    deletion_timestamp: str | None = None


class Subject(Struct, frozen=True, gc=False):
    kind: str
    name: str
    namespace: str = ""


class RoleRef(Struct, frozen=True, gc=False):
    kind: str
    name: str


class Binding(Struct, frozen=True, gc=False, rename="camel"):
    """A ClusterRoleBinding, or with `metadata.namespace` a RoleBinding."""

    metadata: Meta
    role_ref: RoleRef
    subjects: tuple[Subject, ...] | None = ()


class AnyObject(Struct, frozen=True, gc=False):
    """An object of any kind, of which only the metadata matters."""

    metadata: Meta


class ServiceAccount(Struct, frozen=True, gc=False):
    metadata: Meta


class SecretMeta(Meta, frozen=True, gc=False, rename="camel"):
    annotations: dict[str, str] = field(default_factory=dict)
    creation_timestamp: datetime | None = None


class Secret(Struct, frozen=True, gc=False):
    """A Secret without its data: most sessions have none, and a cache should not hold tokens."""

    metadata: SecretMeta
    type: str = ""


class Namespace(Struct, frozen=True, gc=False):
    metadata: Meta


class RoleRule(Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    verbs: tuple[str, ...] | None = ()
    api_groups: tuple[str, ...] | None = ()
    resources: tuple[str, ...] | None = ()
    resource_names: tuple[str, ...] | None = ()
    non_resource_urls: tuple[str, ...] | None = field(default=(), name="nonResourceURLs")


class ClusterRole(Struct, frozen=True, gc=False):
    metadata: Meta
    rules: tuple[RoleRule, ...] | None = ()


class GrantSubject(Struct, frozen=True, gc=False, rename="camel"):
    """Who an AccessGrant is for (`spec.subject`)."""

    issuer: str
    subject: str
    username: str
    email: str = ""
    groups: tuple[str, ...] = ()
    connector: str = ""
    user_id: str = field(default="", name="userID")


class AccessGrantSpec(Struct, frozen=True, gc=False, rename="camel"):
    subject: GrantSubject
    claims_issued_at: datetime
    not_before: datetime | None = None
    suspended: bool = False
    expires_at: datetime | None = None


class ToldGrant(Struct, frozen=True, gc=False, rename="camel"):
    cluster_role: str = ""
    scope: str = ""
    rule: str = ""


class ToldFailure(Struct, frozen=True, gc=False, rename="camel"):
    rule: str = ""
    reason: str = ""


class ToldCondition(Struct, frozen=True, gc=False, rename="camel"):
    type: str
    status: str = ""
    reason: str = ""
    message: str = ""
    observed_generation: int = 0
    last_transition_time: datetime | None = None


class AccessGrantStatus(Struct, frozen=True, gc=False, rename="camel"):
    observed_generation: int = 0
    last_login: datetime | None = None
    grants: tuple[ToldGrant, ...] = ()
    groups: str = ""
    roles: str = ""
    unmatched_groups: tuple[str, ...] = ()
    failed_rules: tuple[ToldFailure, ...] = ()
    conditions: tuple[ToldCondition, ...] = ()


class AccessGrantMeta(Meta, frozen=True, gc=False, rename="camel"):
    creation_timestamp: datetime | None = None


class AccessGrant(Struct, frozen=True, gc=False):
    metadata: AccessGrantMeta
    spec: AccessGrantSpec
    status: AccessGrantStatus = AccessGrantStatus()


class ConfigMap(Struct, frozen=True, gc=False):
    metadata: Meta
    data: dict[str, str] = field(default_factory=dict)


class LeaseSpec(Struct, frozen=True, gc=False, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    lease_transitions: int | None = None


class Lease(Struct, frozen=True, gc=False):
    metadata: Meta
    spec: LeaseSpec = LeaseSpec()
