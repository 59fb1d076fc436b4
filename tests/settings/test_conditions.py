"""CEL in a rule: whom it gives access, with the configuration read as it is in force."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.plan import plan
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.core.selector import NamespaceLabels
from jwt_to_rbac.settings.cel import without_texts
from tests.settings.given import LEAST, loaded, refusal

JANE = Person(
    Identity("https://dex.example.com", "sub"),
    "jane",
    "jane@example.com",
    ("admins", "org:team"),
    "ldap",
    "cn=jane",
)


def policy(folder: Path, who: str) -> Policy:
    rule = f"policy:\n  rules:\n  - name: r\n    clusterRole: view\n    {who}\n"
    return loaded(folder, LEAST + rule).settings.policy


def gets(person: Person, under: Policy) -> bool:
    return bool(plan(person, under, NamespaceLabels()).grants)


@pytest.mark.parametrize(
    ("who", "does"),
    [
        pytest.param("when: \"user.username == 'jane'\"", True, id="username"),
        pytest.param("when: user.email.endsWith('@example.com')", True, id="email"),
        pytest.param("when: user.email.endsWith('@example.org')", False, id="another-domain"),
        pytest.param("when: \"'admins' in user.groups\"", True, id="group"),
        pytest.param("when: \"user.groups.exists(g, g.startsWith('org:'))\"", True, id="exists"),
        pytest.param(
            "when: \"user.connector == 'ldap' && user.userID == 'cn=jane'\"", True, id="id"
        ),
        pytest.param("when: user.issuer == 'https://dex.example.com'", True, id="issuer"),
        pytest.param("when: user.subject == 'another'", False, id="subject"),
        pytest.param("groups: [admins]\n    when: user.connector == 'ldap'", True, id="both"),
        pytest.param("groups: [admins]\n    when: user.connector == 'x'", False, id="groups-only"),
        pytest.param("groups: [cooks]\n    when: user.connector == 'ldap'", False, id="when-only"),
        pytest.param(
            "when: |\n      user.connector == 'ldap' // one\n      && true", True, id="lines"
        ),
    ],
)
def test_a_rule_is_for_those_for_whom_its_expression_holds(
    tmp_path: Path, who: str, does: bool
) -> None:
    assert gets(JANE, policy(tmp_path, who)) is does


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        pytest.param("user.groups[7] == 'a'", "Index error", id="no-such-group"),
        pytest.param("1 / (size(user.groups) - 2) == 1", "divide by zero", id="division"),
        pytest.param(
            "user.groups.exists(a, user.groups.exists(b, a + b == 'x'))", "budget", id="too-long"
        ),
    ],
)
def test_an_expression_that_fails_gives_nothing_and_is_told(
    tmp_path: Path, when: str, reason: str
) -> None:
    jane = JANE
    if reason == "budget":
        jane = replace(JANE, groups=tuple(f"g{n:04}" for n in range(1000)))
    under = policy(tmp_path, f'when: "{when}"')
    access = plan(jane, under, NamespaceLabels())
    assert access.grants == ()
    (failed,) = access.failed_rules
    assert failed.rule == "r"
    assert reason in failed.reason


def test_an_expression_sees_only_groups_that_may_be_believed(tmp_path: Path) -> None:
    under = policy(tmp_path, "when: \"'admins' in user.groups\"")
    assert gets(JANE, under)
    assert not gets(replace(JANE, connector="github"), under)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("a == 'claims.email'", "a == ''", id="single"),
        pytest.param(r'a == "\"claims.email"', "a == ''", id="escaped"),
        pytest.param(r"a == r'\' + claims.email", "a == '' + claims.email", id="raw"),
        pytest.param("a == '''it's''' + b", "a == '' + b", id="triple"),
        pytest.param("a // claims.email", "a ''", id="comment"),
        pytest.param("a == 'http://x' && b", "a == '' && b", id="no-comment-in-text"),
    ],
)
def test_names_in_texts_and_comments_are_not_names(text: str, left: str) -> None:
    assert without_texts(text) == left


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"when": "user.email == 'a'"}, "can't be kept by bindings", id="expression"),
        pytest.param(
            {"groups": ["g"], "when": "user.username == 'a'"},
            "can't be kept by bindings",
            id="groups-and-user",
        ),
        pytest.param({"groups": ["system:masters"]}, "Kubernetes' own group", id="reserved"),
    ],
)
def test_mode_groups_refuses_what_no_binding_says(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    rule = {"name": "r", "clusterRole": "view"} | changed
    policy = json.dumps({"mode": "groups", "rules": [rule]})
    assert said in "\n".join(refusal(tmp_path, f"{LEAST}policy: {policy}\n"))
    accounts = json.dumps({"rules": [rule]})
    assert loaded(tmp_path, f"{LEAST}policy: {accounts}\n").settings.policy.mode == "accounts"


def test_mode_groups_takes_groups_and_users(tmp_path: Path) -> None:
    rules = [
        {"name": "g", "clusterRole": "view", "groups": ["g"]},
        {"name": "u", "clusterRole": "view", "when": "user.username in ['a', 'b']"},
    ]
    policy = json.dumps({"mode": "groups", "rules": rules})
    assert loaded(tmp_path, f"{LEAST}policy: {policy}\n").settings.policy.mode == "groups"
