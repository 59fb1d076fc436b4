"""Who is in the sandbox's directory at first, as the first system's article has it."""

import secrets
from dataclasses import dataclass, field

from jwt_to_rbac.sandbox.protocol import Person

BASE = "dc=example,dc=org"
PEOPLE_BASE = f"ou=People,{BASE}"
GROUPS_BASE = f"ou=Groups,{BASE}"
ADMIN = f"cn=admin,{BASE}"


def person_dn(name: str) -> str:
    """`cn=jane,ou=People,dc=example,dc=org`: what becomes `federated_claims.user_id`."""
    return f"cn={name},{PEOPLE_BASE}"


def group_dn(name: str) -> str:
    """`cn=admins,ou=Groups,dc=example,dc=org`."""
    return f"cn={name},{GROUPS_BASE}"


def new_password() -> str:
    """A password nobody can guess: other users of the machine reach the loopback ports too."""
    return secrets.token_urlsafe(12)


@dataclass(frozen=True)
class Seed:
    """The people and the groups (name → names of members) that a directory starts with."""

    people: dict[str, Person]
    groups: dict[str, list[str]] = field(
        default_factory=lambda: {"admins": ["jane"], "developers": ["jane", "john"]}
    )


def first_people() -> Seed:
    """jane (admins, developers) and john (developers), with passwords of their own each time."""
    return Seed(
        {name: Person(name, f"{name}doe@example.com", new_password()) for name in ("jane", "john")}
    )
