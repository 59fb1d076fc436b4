"""Who somebody is. No tokens, no signatures, no accounts: facts about one person.

A person is (`iss`, `sub`), never an e-mail address, never a connector's id alone:
e-mail addresses are reused and reassigned, `sub` is not (OpenID Connect Core 2).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """The pair that names a person for good: the issuer's URL and its `sub`."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Person:
    """Facts about one person as an issuer tells them.

    `groups` is sorted and without repetition. `connector` and `user_id` come from
    Dex's `federated_claims` and are empty elsewhere.
    """

    identity: Identity
    username: str
    email: str = ""
    groups: tuple[str, ...] = ()
    connector: str = ""
    user_id: str = ""


def person_by_hand(
    identity: Identity,
    username: str = "",
    email: str = "",
    groups: Iterable[str] = (),
    connector: str = "",
    user_id: str = "",
) -> Person:
    """Somebody as an administrator describes them for a dry run; nothing of it is proven."""
    return Person(
        identity,
        username or email or identity.subject,
        email,
        tuple(sorted(set(groups))),
        connector,
        user_id,
    )


@dataclass(frozen=True, slots=True)
class ProvenPerson:
    """A person whose ID token was verified; only `oidc` makes one outside of tests.

    `issued_at` and `expires_at` are the token's `iat` and `exp` in seconds since 1970;
    `token_sha256` (hexadecimal) stands for the token in records that must not hold it.
    `audiences` are the token's; `uid` and `extra` are for where the person is a user of
    Kubernetes' own, by the configuration's claim mapping.
    """

    person: Person
    issued_at: int
    expires_at: int
    token_sha256: str
    audiences: frozenset[str] = frozenset()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


def token_sha256(token: str) -> str:
    """The hash of a token's whole text, in hexadecimal: it names the token and can't be used."""
    # Lone surrogates can stand in JSON: such a text is refused later, with a reason.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
