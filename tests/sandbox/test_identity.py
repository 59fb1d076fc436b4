"""What Dex says about the people of the directory, on both kinds of directory."""

import pytest

from jwt_to_rbac.sandbox import DirectoryRefused, LoginFailed, Sandbox
from tests.sandbox.claims import claims_of


@pytest.fixture(params=["sandbox", "apart"], ids=["default-directory", "built-in-directory"])
def any_sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Each of the two sandboxes in turn."""
    chosen: Sandbox = request.getfixturevalue(request.param)
    return chosen


def test_the_token_of_jane_is_the_one_of_the_article(any_sandbox: Sandbox) -> None:
    claims = claims_of(any_sandbox.id_token("jane"))
    for changing in ("exp", "iat", "at_hash"):
        del claims[changing]
    assert sorted(claims.pop("groups")) == ["admins", "developers"]
    assert claims == {
        "iss": any_sandbox.issuer,
        "sub": "CiNjbj1qYW5lLG91PVBlb3BsZSxkYz1leGFtcGxlLGRjPW9yZxIEbGRhcA",
        "aud": "example-app",
        "email": "janedoe@example.com",
        "email_verified": True,
        "name": "jane",
        "preferred_username": "jane",
        "federated_claims": {
            "connector_id": "ldap",
            "user_id": "cn=jane,ou=People,dc=example,dc=org",
        },
    }


def test_john_is_a_developer_only(any_sandbox: Sandbox) -> None:
    assert claims_of(any_sandbox.id_token("john"))["groups"] == ["developers"]


def test_the_public_client_needs_no_secret(any_sandbox: Sandbox) -> None:
    token = any_sandbox.id_token("jane", client_id=any_sandbox.public_client_id)
    assert claims_of(token)["aud"] == "cli"


def test_only_the_scopes_asked_for_are_answered(any_sandbox: Sandbox) -> None:
    claims = claims_of(any_sandbox.id_token("jane", scopes=("openid",)))
    assert claims.keys() == {"iss", "sub", "aud", "exp", "iat", "at_hash"}


def test_a_changed_group_shows_at_the_next_login(any_sandbox: Sandbox) -> None:
    mary = any_sandbox.add_person("mary", groups=("developers", "made-for-mary"))
    directory = any_sandbox.directory_server
    assert sorted(claims_of(any_sandbox.id_token(mary))["groups"]) == [
        "developers",
        "made-for-mary",
    ]

    directory.remove_from_group("mary", "developers")
    directory.add_to_group("mary", "admins")
    groups = claims_of(any_sandbox.id_token("mary"))["groups"]
    assert sorted(groups) == ["admins", "made-for-mary"]

    directory.remove_person("mary")
    with pytest.raises(LoginFailed, match="access_denied"):
        any_sandbox.id_token(mary)
    with pytest.raises(DirectoryRefused, match="mary"):
        directory.remove_person("mary")


def test_a_new_person_of_an_old_name_is_in_none_of_the_old_groups(any_sandbox: Sandbox) -> None:
    any_sandbox.add_person("nina", groups=("admins",))
    any_sandbox.directory_server.remove_person("nina")
    any_sandbox.add_person("nina")
    assert "groups" not in claims_of(any_sandbox.id_token("nina"))
    any_sandbox.directory_server.remove_person("nina")


def test_the_lifetime_of_id_tokens_can_be_chosen(apart: Sandbox) -> None:
    claims = claims_of(apart.id_token("jane"))
    assert claims["exp"] - claims["iat"] == 7 * 60
