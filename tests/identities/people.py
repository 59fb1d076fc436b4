"""The people: a pure function of a number, so that any of them can be met again. Each is an identity of its own."""

from collections.abc import Callable
from string import ascii_lowercase

from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.names import hashed_account_name

DEX = "https://dex.example.com/dex"
JANE = "janedoe@example.com"

LOOK_ALIKES = dict(zip("aceopxyi", "асеорхуі", strict=True))  # noqa: RUF001  (they are Cyrillic)
"""Letters and what is read as them."""

EXISTING = ("default", "admin", "janedoe-example-com", "system", "kube-root-ca", "builder")
"""Names of ServiceAccounts that others made: never to be handed out."""


def person(
    n: int, email: str, connector: str = "ldap", user_id: str = "", username: str = ""
) -> Person:
    return Person(Identity(DEX, f"sub-{n}"), username, email, (), connector, user_id)


def plain(n: int) -> Person:
    return person(n, f"user{n}@example.com")


def one_address(n: int) -> Person:
    """Everybody has the same address."""
    return person(n, JANE)


def cases(n: int) -> Person:
    """The same address in other letters."""
    bits = n >> 3
    address = "".join(c.upper() if bits >> i & 1 else c for i, c in enumerate(JANE[:11]))
    return person(n, f"{address}{bits >> 11}{JANE[11:]}")


def look_alikes(n: int) -> Person:
    address = f"ioeacy{n >> 12}@example.com"
    letters = ((c, n >> i & 1) for i, c in enumerate(address))
    return person(n, "".join(LOOK_ALIKES.get(c, c) if swap else c for c, swap in letters))


def punctuation(n: int) -> Person:
    """`a.b`, `a-b`, `a_b`, `a@b`: the first system made one account of them."""
    word = "".join(ascii_lowercase[n >> 12 + 4 * i & 15] + ".-_@"[n >> 2 * i & 3] for i in range(6))
    return person(n, f"{word}z")


def very_long(n: int) -> Person:
    """Addresses that are cut, and differ only behind the cut."""
    return person(n, f"{'x' * (40 + n % 300)}{n}@example.com")


def nameless(n: int) -> Person:
    """Nothing that is readable."""
    return person(n, "", username=("", "@", "...", "-", "\u202e", "日本", " ")[n % 7])


def control_characters(n: int) -> Person:
    return person(n, f"{chr(n % 32)}jane{chr(0x80 + n % 32)}doe{n // 1000}{chr(n % 0x2000)}@x.org")


def numbers(n: int) -> Person:
    """GitHub's numeric ids, and addresses of the same digits."""
    digits = str(n // 24)
    if n // 12 % 2:
        return person(n, digits)
    return person(n, JANE, "github", digits)


def existing(n: int) -> Person:
    """Somebody who is called as what others made."""
    return person(n, EXISTING[n % len(EXISTING)].replace("-example-com", "@example.com"))


def others_hashed_names(n: int) -> Person:
    """An address that is the very name which somebody else would fall back to, who comes later."""
    return person(n, hashed_account_name(one_address(n + 3)))


def other_issuers(n: int) -> Person:
    """One subject at many issuers; one text divided into issuer and subject at other places."""
    if n // 12 % 2:
        return Person(Identity(f"https://{n}.example.com", "sub-1"), "", JANE)
    text = f"{n:09d}"
    cut = n // 24 % 8 + 1
    return Person(Identity(f"https://x/{text[:cut]}", text[cut:]), "", f"{text[:4]}@example.com")


KINDS: tuple[Callable[[int], Person], ...] = (
    plain,
    one_address,
    cases,
    look_alikes,
    punctuation,
    very_long,
    nameless,
    control_characters,
    numbers,
    existing,
    others_hashed_names,
    other_issuers,
)


def nth(n: int) -> Person:
    """The person of this number, from 0."""
    return KINDS[n % len(KINDS)](n)
