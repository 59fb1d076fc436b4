"""Names of the objects that stand for a person: readable where possible, never ambiguous where it matters.

Nothing here knows whether a name is taken; whose object it is says its owner, not its name.
"""

import hashlib
import re
from functools import lru_cache

from jwt_to_rbac.core.identity import Identity, Person

ACCOUNT_NAME_LENGTH = 63
"""A label value's limit (and a DNS label's): the name is used as both."""

BINDING_NAME_LENGTH = 253
"""What Kubernetes allows for most object names; RBAC names are checked more loosely still."""

_HASH_LENGTH = 10
"""Hexadecimal digits: 40 bits, and a clash of two hashed names only costs a refused login."""

_UNFIT = re.compile(r"[^a-z0-9-]")

_LIKE_HASHED = re.compile(rf".*-[0-9a-f]{{{_HASH_LENGTH}}}")
"""No readable name has this form: else an address could be the very name that somebody else falls
back to, and keep them out."""


def readable_account_name(person: Person) -> str:
    """The first system's name: the e-mail address with `@ . _` as `-`; GitHub's numeric user id.

    Falls back to the username, and to the hashed name where nothing readable is left, or what
    is left looks like a hashed name.
    The result is a DNS label (RFC 1123) of at most 63 characters.
    """
    source = person.user_id if person.connector == "github" else person.email
    readable = _dns_label(source or person.username)
    if not readable or _LIKE_HASHED.fullmatch(readable):
        return hashed_account_name(person)
    return readable


def hashed_account_name(person: Person) -> str:
    """The readable name with a hash of (issuer, subject), for when the readable one is taken."""
    source = person.user_id if person.connector == "github" else person.email
    stem = _dns_label(source or person.username)[: ACCOUNT_NAME_LENGTH - _HASH_LENGTH - 1]
    stem = stem.rstrip("-") or "person"
    return f"{stem}-{identity_hash(person.identity)}"


def identity_hash(identity: Identity) -> str:
    """Ten hexadecimal digits of SHA-256; the lengths keep (`a`, `bc`) and (`ab`, `c`) apart."""
    return _digest(identity.issuer, identity.subject)


@lru_cache(maxsize=1024)
def identity_digest(identity: Identity) -> str:
    """32 hexadecimal digits, for where two people must never meet."""
    return _digest(identity.issuer, identity.subject, length=32)


def binding_name(account: str, cluster_role: str) -> str:
    """The first system's name, `<account>-<role>-binding`, hashed only when it is too long."""
    name = f"{account}-{cluster_role}-binding"
    return name if len(name) <= BINDING_NAME_LENGTH else hashed_binding_name(account, cluster_role)


def hashed_binding_name(account: str, cluster_role: str) -> str:
    """For a readable name that another owner's object holds (`a-b`+`c` and `a`+`b-c`)."""
    suffix = f"-binding-{_digest(account, cluster_role)}"
    return f"{account}-{cluster_role}"[: BINDING_NAME_LENGTH - len(suffix)] + suffix


def standing_binding_name(kind: str, subject: str, cluster_role: str) -> str:
    """For a Group's or User's binding, whose names may hold anything: readable, and a hash."""
    stem = _dns_label(subject) or "subject"
    return f"{kind.lower()}-{stem}-{_digest(kind, subject, cluster_role)}"


def _dns_label(text: str) -> str:
    # Casefolding to ASCII only: a look-alike letter becomes "-", never the letter it looks like.
    lowered = "".join(c.lower() if c.isascii() else "-" for c in text)
    return _UNFIT.sub("-", lowered).strip("-")[:ACCOUNT_NAME_LENGTH].rstrip("-")


def _digest(*parts: str, length: int = _HASH_LENGTH) -> str:
    # surrogatepass: a lone surrogate can stand in JSON; it must hash, not crash.
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode(errors="surrogatepass")).hexdigest()[:length]
