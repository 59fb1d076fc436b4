"""Whatever the first system left: what remains after the plan is what the policy gives, and waits."""

from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.core.adoption import (
    Fate,
    FirstSystem,
    Found,
    Kind,
    OldBinding,
    OldToken,
    plan_adoption,
)
from jwt_to_rbac.core.plan import Grant

NOW = 1_800_000_000.0
ACCOUNTS = ("jane", "john", "gone")
ROLES = ("admin", "cluster-admin", "developers-from-jwt", "testers-from-jwt")
PLACES = ("", "example", "other")
names = st.sampled_from(ACCOUNTS)


def found(kind: Kind, name: str, namespace: str = "") -> Found:
    return Found(kind, name, namespace, f"uid-{kind}-{namespace}-{name}")


@st.composite
def systems(draw: st.DrawFn) -> FirstSystem:
    def binding(index: int) -> OldBinding:
        place = draw(st.sampled_from(PLACES))
        kind = Kind.ROLE_BINDING if place else Kind.CLUSTER_ROLE_BINDING
        whose = tuple(draw(st.sets(names, max_size=2)))
        role = draw(st.sampled_from(ROLES))
        return OldBinding(found(kind, f"b{index}", place), role, whose, draw(st.booleans()))

    def token(index: int) -> OldToken:
        ends = draw(st.none() | st.sampled_from((NOW - 1, NOW, NOW + 60)))
        return OldToken(found(Kind.SECRET, f"t{index}", "default"), draw(names), ends)

    accounts = draw(st.sets(names))
    return FirstSystem(
        tuple(found(Kind.SERVICE_ACCOUNT, name, "default") for name in accounts),
        tuple(binding(index) for index in range(draw(st.integers(0, 6)))),
        tuple(token(index) for index in range(draw(st.integers(0, 4)))),
        tuple(found(Kind.CLUSTER_ROLE, name) for name in draw(st.sets(st.sampled_from(ROLES)))),
        frozenset(draw(st.sets(st.sampled_from(ROLES), max_size=1))),
    )


grants = st.sets(st.builds(Grant, st.sampled_from(ROLES), st.sampled_from((*PLACES, "*"))))


@given(systems(), st.sets(names), grants, st.sets(st.sampled_from(ROLES[2:])), st.booleans())
def test_what_remains_is_given_by_the_policy_and_waits_for_a_login(
    left: FirstSystem, logged_in: set[str], granted: set[Grant], own: set[str], everybody: bool
) -> None:
    people = {name: [f"{name}-here"] for name in logged_in}
    plan = plan_adoption(left, people, granted, own, NOW, everybody)
    gone = set(plan.remove)
    waiting = {one.name for one in plan.accounts if one.fate is Fate.WAIT}

    assert {one.name for one in left.accounts if one not in gone} == waiting
    assert not waiting & logged_in
    assert not (waiting and everybody)
    for binding in left.bindings:
        if binding.its_own and binding.found not in gone:
            assert waiting & set(binding.accounts)
            at = {Grant(binding.cluster_role, place) for place in ("", binding.found.namespace)}
            if binding.found.namespace:
                at.add(Grant(binding.cluster_role, "*"))
            assert at & granted
    for token in left.tokens:
        if token.found not in gone:
            assert token.account in waiting
            assert token.ends is None or token.ends > NOW


@given(systems(), st.sets(names), grants, st.sets(st.sampled_from(ROLES[2:])), st.booleans())
def test_nothing_of_others_goes_and_no_role_that_is_bound_or_in_the_policy(
    left: FirstSystem, logged_in: set[str], granted: set[Grant], own: set[str], everybody: bool
) -> None:
    people = {name: [f"{name}-here"] for name in logged_in}
    plan = plan_adoption(left, people, granted, own, NOW, everybody)
    gone = set(plan.remove)
    assert not {one.found for one in left.bindings if not one.its_own} & gone
    bound = {one.cluster_role for one in left.bindings if one.found not in gone}
    kept = bound | left.roles_of_others | own | {grant.cluster_role for grant in granted}
    assert not {one.name for one in gone if one.kind is Kind.CLUSTER_ROLE} & kept
    assert {one.name for one in plan.roles} == own & {one.name for one in left.roles}


@given(systems(), st.sets(names), grants)
def test_what_gives_access_goes_before_the_account_and_the_account_before_roles(
    left: FirstSystem, logged_in: set[str], granted: set[Grant]
) -> None:
    people = {name: [f"{name}-here"] for name in logged_in}
    kinds = [one.kind for one in plan_adoption(left, people, granted, set(), NOW).remove]
    order = [Kind.CLUSTER_ROLE_BINDING, Kind.ROLE_BINDING, Kind.SECRET, Kind.SERVICE_ACCOUNT]
    ranks = [(*order, Kind.CLUSTER_ROLE).index(kind) for kind in kinds]
    assert ranks == sorted(ranks)


def test_an_account_that_holds_nothing_of_the_policys_does_not_wait() -> None:
    account = found(Kind.SERVICE_ACCOUNT, "jane", "default")
    root = OldBinding(found(Kind.CLUSTER_ROLE_BINDING, "b"), "cluster-admin", ("jane",), True)
    [one] = plan_adoption(
        FirstSystem((account,), (root,)), {}, {Grant("admin")}, set(), NOW
    ).accounts
    assert (one.fate, one.loses) == (Fate.REMOVE, (Grant("cluster-admin"),))
    assert one.reason == "the policy gives nobody what it holds"
