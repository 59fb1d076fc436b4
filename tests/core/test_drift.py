"""Each way in which the cluster isn't as the policy says has a name of its own."""

from dataclasses import replace

import pytest

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.difference import HeldGrant
from jwt_to_rbac.core.drift import Drift, drift
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.plan import AccessPlan, Grant, PlannedGrant
from jwt_to_rbac.core.record import Record

ADMIN, VIEW = Grant("admin"), Grant("view", "default")
HELD = (HeldGrant(ADMIN, "one"), HeldGrant(VIEW, "two"))
PLAN = AccessPlan((PlannedGrant(ADMIN, "admins"), PlannedGrant(VIEW, "viewers")))
JANE = Account(
    "jane",
    "uid",
    "1",
    Record(Person(Identity("https://issuer", "sub"), "jane@example.com"), 1),
    service_account_uid="its uid",
    held=HELD,
)


def test_an_account_that_holds_what_the_policy_says_has_no_drift() -> None:
    assert drift(JANE, PLAN) == Drift()
    assert not drift(JANE, PLAN)


@pytest.mark.parametrize(
    ("account", "access", "found"),
    [
        pytest.param(replace(JANE, held=HELD[:1]), PLAN, Drift(missing=(VIEW,)), id="missing"),
        pytest.param(
            JANE, AccessPlan(PLAN.grants[:1]), Drift(surplus=(HELD[1],)), id="no-rule-any-more"
        ),
        pytest.param(JANE, AccessPlan(), Drift(surplus=HELD), id="refused-and-not-yet-taken"),
        pytest.param(
            replace(JANE, held=(HELD[0], replace(HELD[1], intact=False))),
            PLAN,
            Drift(altered=(replace(HELD[1], intact=False),)),
            id="altered-is-not-missing-too",
        ),
        pytest.param(
            replace(JANE, foreign=("clusterrolebinding/x",)),
            PLAN,
            Drift(foreign=("clusterrolebinding/x",)),
            id="by-others",
        ),
        pytest.param(
            replace(JANE, service_account_uid=""), PLAN, Drift(unbacked=True), id="no-account"
        ),
    ],
)
def test_what_is_not_as_it_should_be_is_told_apart(
    account: Account, access: AccessPlan, found: Drift
) -> None:
    assert drift(account, access) == found
    assert drift(account, access)


def test_whoever_is_to_hold_nothing_needs_no_service_account() -> None:
    assert not drift(replace(JANE, service_account_uid="", held=()), AccessPlan())
