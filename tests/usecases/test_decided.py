"""A decision is taken again from memory only while all that it follows from is the same."""

from dataclasses import replace

import pytest

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.identity import Identity, Person, ProvenPerson
from jwt_to_rbac.core.plan import AccessPlan
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.core.selector import NamespaceLabels
from jwt_to_rbac.usecases.decided import Decided, Ground
from jwt_to_rbac.usecases.reconcile import Decision

PERSON = Person(Identity("https://issuer", "sub"), "jane")
RECORD = Record(PERSON, 1)
GROUND = Ground(
    ProvenPerson(PERSON, 1, 2, "a" * 64),
    Account("jane", "uid", "1", RECORD),
    Policy(()),
    NamespaceLabels({}),
)
DECISION = Decision(RECORD, AccessPlan())


def test_the_same_ground_is_decided_on_once() -> None:
    decided = Decided()
    assert decided.on(GROUND) is None
    decided.keep(GROUND, DECISION)
    assert decided.on(GROUND) is DECISION


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(GROUND, proven=replace(GROUND.proven)), id="verified anew"),
        pytest.param(replace(GROUND, account=replace(GROUND.account)), id="account"),
        pytest.param(replace(GROUND, policy=replace(GROUND.policy)), id="policy"),
        pytest.param(replace(GROUND, namespaces=NamespaceLabels({})), id="namespaces"),
    ],
)
def test_whatever_was_replaced_is_decided_on_anew_even_if_it_says_the_same(changed: Ground) -> None:
    decided = Decided()
    decided.keep(GROUND, DECISION)
    assert decided.on(changed) is None


def test_the_oldest_are_forgotten() -> None:
    decided = Decided(most=2)
    grounds = [
        replace(GROUND, proven=replace(GROUND.proven, token_sha256=letter * 64)) for letter in "abc"
    ]
    for ground in grounds:
        decided.keep(ground, DECISION)
    assert [decided.on(ground) is DECISION for ground in grounds] == [False, True, True]
