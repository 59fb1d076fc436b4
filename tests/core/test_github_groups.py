"""Which groups count where GitHub is one connector among others."""

import pytest

from jwt_to_rbac.core.github_groups import believed_groups
from jwt_to_rbac.core.identity import Identity, Person


@pytest.mark.parametrize(
    ("connector", "group", "counts"),
    [
        pytest.param("github", "pokeorg:developer", True, id="a-team-of-the-organisation"),
        pytest.param("github", "other:team", True, id="a-team-of-another"),
        pytest.param("github", "admins", False, id="an-organisation-called-admins"),
        pytest.param("github", ":admins", False, id="a-team-of-no-organisation"),
        pytest.param("github", ":admins:x", False, id="a-team-of-no-organisation-with-a-colon"),
        pytest.param("github", "o:admins", True, id="an-organisation-of-one-letter"),
        pytest.param("ldap", "developer", True, id="a-directorys-own-group"),
        pytest.param(
            "gitlab", "pokeorg:developer", False, id="gitlabs-role-in-a-path-of-that-name"
        ),
        pytest.param("gitlab", "pokeorg2:developer", True, id="gitlabs-role-in-another-path"),
        pytest.param("", "developer", True, id="no-connector"),
    ],
)
def test_a_group_counts_only_from_who_may_say_so(connector: str, group: str, counts: bool) -> None:
    person = Person(Identity("i", "s"), "jane", groups=(group,), connector=connector)
    assert believed_groups(person, "pokeorg") == ((group,) if counts else ())


def test_without_an_organisation_other_connectors_lose_nothing() -> None:
    person = Person(Identity("i", "s"), "jane", groups=("a:b", "c"), connector="gitlab")
    assert believed_groups(person, "") == ("a:b", "c")


@pytest.mark.parametrize(
    ("connector", "group", "counts"),
    [
        pytest.param("github", "dex:admins", False, id="a-prefix-makes-no-team-of-an-organisation"),
        pytest.param("github", "dex:pokeorg:developer", True, id="a-team-with-a-prefix"),
        pytest.param("gitlab", "dex:pokeorg:developer", False, id="gitlabs-role-with-a-prefix"),
        pytest.param("gitlab", "dex:other:developer", True, id="gitlabs-role-in-another-path"),
    ],
)
def test_the_configured_prefix_is_not_the_issuers_word(
    connector: str, group: str, counts: bool
) -> None:
    person = Person(Identity("i", "s"), "jane", groups=(group,), connector=connector)
    assert believed_groups(person, "pokeorg", "dex:") == ((group,) if counts else ())
