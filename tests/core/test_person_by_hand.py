"""A person whose claims somebody typed in, for dry runs: named as a login would name them."""

from jwt_to_rbac.core.identity import Identity, Person, person_by_hand

WHO = Identity("https://i", "s")


def test_everything_that_was_typed_is_kept_and_groups_are_in_order_once() -> None:
    person = person_by_hand(WHO, "jane", "jane@example.com", ["b", "a", "b"], "ldap", "cn=jane")
    assert person == Person(WHO, "jane", "jane@example.com", ("a", "b"), "ldap", "cn=jane")


def test_who_has_no_name_is_called_by_their_address_and_else_by_their_subject() -> None:
    assert person_by_hand(WHO, email="jane@example.com").username == "jane@example.com"
    assert person_by_hand(WHO, username="jane", email="x@example.com").username == "jane"
    assert person_by_hand(WHO) == Person(WHO, "s", "", (), "", "")
