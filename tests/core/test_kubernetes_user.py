"""A person as Kubernetes' user and back: known by issuer and subject, never by name."""

import pytest

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Identity, Person, ProvenPerson
from jwt_to_rbac.core.kubernetes_user import (
    CONNECTOR,
    EMAIL,
    ISSUED_AT,
    ISSUER,
    SUBJECT,
    USER_ID,
    KubernetesUser,
    as_user,
    proven_by,
)

JANE = Person(Identity("https://i", "s"), "jane", "j@e", ("a", "b"), "ldap", "cn=jane")
PROVEN = ProvenPerson(JANE, 5, 600, "00", uid="u", extra=(("example.com/team", ("t",)),))
EXTRA: dict[str, tuple[str, ...]] = {
    "example.com/team": ("t",),
    ISSUER: ("https://i",),
    SUBJECT: ("s",),
    EMAIL: ("j@e",),
    CONNECTOR: ("ldap",),
    USER_ID: ("cn=jane",),
    ISSUED_AT: ("5",),
}


def test_all_that_is_known_of_a_person_goes_with_the_user_and_comes_back() -> None:
    user = as_user(PROVEN, JANE)
    assert user == KubernetesUser("jane", "u", ("a", "b"), EXTRA)
    assert isinstance(user, KubernetesUser)
    assert proven_by(user) == ProvenPerson(JANE, 5, 5, "")


def test_what_is_not_known_has_no_key() -> None:
    nobody = Person(Identity("https://i", "s"), "jane")
    user = as_user(ProvenPerson(nobody, 5, 600, "00"), nobody)
    assert isinstance(user, KubernetesUser)
    assert user.extra.keys() == {ISSUER, SUBJECT, ISSUED_AT}
    assert proven_by(user) == ProvenPerson(nobody, 5, 5, "")


@pytest.mark.parametrize(
    "person",
    [
        pytest.param(Person(JANE.identity, "system:admin"), id="a-name"),
        pytest.param(Person(JANE.identity, "j", groups=("a", "system:masters")), id="a-group"),
    ],
)
def test_a_name_of_kubernetes_own_refuses_the_token(person: Person) -> None:
    assert as_user(PROVEN, person) == Denial(
        Code.TOKEN_CLAIM,
        "the token's user name or groups begin with system:, which is Kubernetes' own; "
        "map them with a prefix",
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({ISSUER: ()}, id="no-issuer"),
        pytest.param({SUBJECT: ()}, id="no-subject"),
        pytest.param({SUBJECT: ("",)}, id="an-empty-subject"),
        pytest.param({ISSUER: ("https://i", "https://j")}, id="two-issuers"),
    ],
)
def test_a_user_without_one_issuer_and_one_subject_is_somebody_elses(
    changes: dict[str, tuple[str, ...]],
) -> None:
    assert proven_by(KubernetesUser("jane", extra=EXTRA | changes)) is None
    assert proven_by(KubernetesUser("jane")) is None


@pytest.mark.parametrize(
    "times",
    [
        pytest.param((), id="none"),
        pytest.param(("5", "6"), id="two"),
        pytest.param(("-5",), id="a-sign"),
        pytest.param(("\u0665",), id="other-digits"),
        pytest.param(("9" * 5000,), id="a-number-bomb"),
    ],
)
def test_a_time_of_issue_that_is_none_makes_a_token_the_oldest_of_all(
    times: tuple[str, ...],
) -> None:
    found = proven_by(KubernetesUser("jane", extra=EXTRA | {ISSUED_AT: times}))
    assert found
    assert (found.issued_at, found.expires_at) == (0, 0)


def test_kubernetes_own_groups_are_none_of_the_persons() -> None:
    groups = ("b", "system:authenticated", "a", "a")
    found = proven_by(KubernetesUser("jane", groups=groups, extra=EXTRA))
    assert found
    assert found.person.groups == ("a", "b")
