"""Names: readable, valid, and never shared by accident."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.names import (
    binding_name,
    hashed_account_name,
    hashed_binding_name,
    identity_digest,
    identity_hash,
    readable_account_name,
    standing_binding_name,
)

HASH_OF_JANE = "bbeea865ab"
"""The first ten digits of SHA-256 over `23:https://dex.example.com4:jane`, as sha256sum has it."""

DIGEST_OF_JANE = "bbeea865abddb601237db75241f4710e"
"""The first 32 of them."""

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


def person(email: str = "", connector: str = "", user_id: str = "", username: str = "") -> Person:
    return Person(Identity("https://i", "s"), username, email, (), connector, user_id)


texts = st.text(alphabet=st.characters(exclude_categories=()), max_size=300)
identities = st.builds(Identity, texts, texts)
people = st.builds(
    Person,
    identities,
    texts,
    texts,
    st.just(()),
    st.sampled_from(["", "github", "ldap"]) | texts,
    texts,
)


@pytest.mark.parametrize(
    ("who", "name"),
    [
        pytest.param(
            person("janedoe@example.com", "ldap", "cn=jane"), "janedoe-example-com", id="e-mail"
        ),
        pytest.param(person("a_b.c@example.com"), "a-b-c-example-com", id="dots-and-underscores"),
        pytest.param(person("jane@example.com", "github", "66578"), "66578", id="github-user-id"),
        pytest.param(person("Jane@Example.COM"), "jane-example-com", id="upper-case"),
        pytest.param(person(username="jane"), "jane", id="no-e-mail-falls-back-to-username"),
    ],
)
def test_the_account_has_the_first_systems_readable_name(who: Person, name: str) -> None:
    assert readable_account_name(who) == name


@pytest.mark.parametrize(
    ("who", "stem"),
    [
        pytest.param(
            person("jane@example.com", "ldap", "cn=jane"), "jane-example-com", id="e-mail"
        ),
        pytest.param(person("jane@example.com", "github", "66578"), "66578", id="github-user-id"),
        pytest.param(person(username="jane"), "jane", id="no-e-mail-falls-back-to-username"),
        pytest.param(person("x" * 70), "x" * 52, id="cut-so-that-the-hash-fits"),
        pytest.param(person("x" * 51 + ".y"), "x" * 51, id="no-two-hyphens-where-it-is-cut"),
        pytest.param(person("żółć"), "person", id="nothing-readable"),
    ],
)
def test_a_hashed_name_is_the_readable_one_with_a_hash_of_the_identity(
    who: Person, stem: str
) -> None:
    assert hashed_account_name(who) == f"{stem}-{identity_hash(who.identity)}"
    assert len(hashed_account_name(who)) <= 63


def test_a_long_readable_name_never_ends_in_a_hyphen() -> None:
    assert readable_account_name(person("x" * 62 + "@example.com")) == "x" * 62
    assert readable_account_name(person("x" * 70)) == "x" * 63


def test_a_hash_stays_what_it_was_in_an_earlier_version() -> None:
    """Another would give everybody with a hashed name a second account."""
    assert identity_hash(Identity("https://dex.example.com", "jane")) == HASH_OF_JANE
    assert identity_digest(Identity("https://dex.example.com", "jane")) == DIGEST_OF_JANE
    assert identity_hash(Identity("https://i", "\ud800"))  # A lone surrogate can stand in JSON.


def test_a_look_alike_letter_is_not_the_letter_it_looks_like() -> None:
    cyrillic = person("j\N{CYRILLIC SMALL LETTER A}ne@example.com")
    kelvin = person("\N{KELVIN SIGN}en@example.com")
    assert readable_account_name(cyrillic) == "j-ne-example-com"
    assert readable_account_name(kelvin) == "en-example-com"


@given(people)
def test_every_account_name_is_a_dns_label_whatever_the_claims(who: Person) -> None:
    for name in (readable_account_name(who), hashed_account_name(who)):
        assert DNS_LABEL.fullmatch(name), f"{name!r} for {who}"


@given(people, identities)
def test_two_identities_never_share_a_hashed_name(who: Person, other: Identity) -> None:
    if who.identity != other:
        same_claims = Person(other, who.username, who.email, who.groups, who.connector, who.user_id)
        assert hashed_account_name(who) != hashed_account_name(same_claims)


def test_nobodys_address_is_the_name_that_another_falls_back_to() -> None:
    victim = person("jane@example.com")
    squatter = Person(Identity("https://i", "other"), "", hashed_account_name(victim))
    names = {readable_account_name(squatter), hashed_account_name(squatter)}
    assert hashed_account_name(victim) not in names


@given(st.text(), st.text(), st.text())
def test_the_hash_tells_where_the_issuer_ends_and_the_subject_begins(
    a: str, b: str, c: str
) -> None:
    if b:
        assert identity_hash(Identity(a, b + c)) != identity_hash(Identity(a + b, c))


def test_names_that_can_be_read_two_ways_have_hashed_forms_that_differ() -> None:
    assert binding_name("a-b", "c") == binding_name("a", "b-c")
    assert hashed_binding_name("a-b", "c") != hashed_binding_name("a", "b-c")
    long = "a" * 250
    assert hashed_binding_name(long + "b", "c") != hashed_binding_name(long + "d", "c")


def test_a_groups_binding_is_named_readably_and_by_a_hash_of_all_three() -> None:
    whole = (("Group", "Org:Team", "view"), ("User", "org-team", "view"), ("Group", "a", "b"))
    made = {standing_binding_name(*each) for each in (*whole, ("Group", "org:team", "view"))}
    assert len(made | {standing_binding_name("Group", "a", "c")}) == 5
    head, _, digest = standing_binding_name("Group", "Org:Team", "view").rpartition("-")
    assert head == "group-org-team"
    assert digest == hashlib.sha256(b"5:Group8:Org:Team4:view").hexdigest()[:10]
    assert standing_binding_name("User", "żó", "view").startswith("user-subject-")


def test_a_very_long_role_still_gives_a_name_that_kubernetes_takes() -> None:
    name = binding_name("a" * 63, "r" * 253)
    assert len(name) <= 253
    assert name != binding_name("a" * 63, "r" * 252 + "s")
    assert name != binding_name("a" * 62 + "b", "r" * 253)
    longest = "r" * (253 - len("a--binding"))
    assert binding_name("a", longest) == f"a-{longest}-binding"
    assert len(binding_name("a", longest + "r")) == 253
