"""A person as a user of Kubernetes itself: where API servers take ID tokens, by webhook or on their own.

What of a person Kubernetes' own fields can't hold goes into `extra`, so that whoever is asked
about the user later (SubjectAccessReview) knows the person again by (`iss`, `sub`), never by
name. Only an authenticator sets `extra`, or somebody whom RBAC lets impersonate `userextras`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Identity, Person, ProvenPerson

ISSUER: Final = "jwt-to-rbac.io/issuer"
SUBJECT: Final = "jwt-to-rbac.io/subject"
EMAIL: Final = "jwt-to-rbac.io/email"
CONNECTOR: Final = "jwt-to-rbac.io/connector"
USER_ID: Final = "jwt-to-rbac.io/user-id"
ISSUED_AT: Final = "jwt-to-rbac.io/issued-at"
"""The keys of `extra`, each with one value; the last is the ID token's `iat`."""

RESERVED: Final = "system:"
"""How the names that Kubernetes keeps for itself begin: `system:masters` may do everything."""

_TIME = re.compile(r"[0-9]{1,12}")
"""Seconds until far beyond the year 9999; Python refuses to read a number of thousands of digits."""


@dataclass(frozen=True, slots=True)
class KubernetesUser:
    """A user as TokenReview's status.user and SubjectAccessReview's spec name one."""

    username: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, Sequence[str]] = field(default_factory=dict)


def as_user(proven: ProvenPerson, person: Person) -> KubernetesUser | Denial:
    """The user that a token stands for, with the groups and the name of `person`.

    `person` is who the token names, or what is known of them from a newer one. A name that is
    Kubernetes' own refuses the token (token_claim), as an exported userValidationRule does.
    """
    if any(name.startswith(RESERVED) for name in (person.username, *person.groups)):
        return Denial(
            Code.TOKEN_CLAIM,
            f"the token's user name or groups begin with {RESERVED}, which is Kubernetes' own; "
            "map them with a prefix",
        )
    facts = {
        ISSUER: person.identity.issuer,
        SUBJECT: person.identity.subject,
        EMAIL: person.email,
        CONNECTOR: person.connector,
        USER_ID: person.user_id,
        ISSUED_AT: str(proven.issued_at),
    }
    extra: dict[str, tuple[str, ...]] = dict(proven.extra)
    extra |= {key: (value,) for key, value in facts.items() if value}
    return KubernetesUser(person.username, proven.uid, person.groups, extra)


def proven_by(user: KubernetesUser) -> ProvenPerson | None:
    """Who the API server says that this user is; None for a user of somebody else's.

    Without a time of issue the token counts as older than everything that is known.
    """
    facts = {key: user.extra.get(key, ()) for key in (ISSUER, SUBJECT)}
    if any(len(values) != 1 or not values[0] for values in facts.values()):
        return None
    person = Person(
        Identity(user.extra[ISSUER][0], user.extra[SUBJECT][0]),
        user.username,
        _one(user, EMAIL),
        _own(user.groups),
        _one(user, CONNECTOR),
        _one(user, USER_ID),
    )
    issued_at = _one(user, ISSUED_AT)
    moment = int(issued_at) if _TIME.fullmatch(issued_at) else 0
    return ProvenPerson(person, moment, moment, "")


def _one(user: KubernetesUser, key: str) -> str:
    values = user.extra.get(key, ())
    return values[0] if len(values) == 1 else ""


def _own(groups: Iterable[str]) -> tuple[str, ...]:
    # Without `system:authenticated`, which the API server adds to everybody's.
    return tuple(sorted({group for group in groups if not group.startswith(RESERVED)}))
