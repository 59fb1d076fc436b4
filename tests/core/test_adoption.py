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


SOON, OVER = NOW + 60, NOW
ADMIN, VIEW = Grant("admin"), Grant("view", "example")


def binding(name: str, grant: Grant, *whose: str, its_own: bool = True) -> OldBinding:
    kind = Kind.ROLE_BINDING if grant.namespace else Kind.CLUSTER_ROLE_BINDING
    return OldBinding(found(kind, name, grant.namespace), grant.cluster_role, whose, its_own)


def token(name: str, account: str, ends: float | None) -> OldToken:
    return OldToken(found(Kind.SECRET, name, "default"), account, ends)


LEFT = FirstSystem(
    accounts=(found(Kind.SERVICE_ACCOUNT, "jane", "default"),),
    bindings=(
        binding("jane-admin", ADMIN, "jane"),
        binding("jane-view", VIEW, "jane"),
        binding("john-edit", Grant("edit"), "john"),
        binding("made-by-hand", Grant("edit"), "jane", its_own=False),
    ),
    tokens=(
        token("of-jane", "jane", SOON),
        token("of-jane-over", "jane", OVER),
        token("of-john", "john", None),
    ),
)


def test_an_account_that_waits_keeps_what_the_policy_gives_and_its_living_tokens() -> None:
    plan = plan_adoption(LEFT, {}, {ADMIN}, set(), NOW)
    [jane] = plan.accounts
    assert (jane.fate, jane.reason, jane.people) == (
        Fate.WAIT,
        "nobody of this name has logged in here yet",
        (),
    )
    assert (jane.keeps, jane.loses) == ((ADMIN,), (VIEW,))
    assert (jane.tokens, jane.never_ends) == (1, False)
    assert [one.name for one in plan.remove] == [
        "john-edit",
        "jane-view",
        "of-jane-over",
        "of-john",
    ]
    [left] = plan.left
    assert left == (
        "clusterrolebindings made-by-hand binds jane to edit and isn't the first system's: "
        "whoever made it must decide"
    )


def test_an_account_whose_people_have_logged_in_goes_with_all_of_it() -> None:
    people = {"jane": ["jane", "jane-2"]}
    [jane] = plan_adoption(LEFT, people, {ADMIN, VIEW}, set(), NOW).accounts
    assert (jane.fate, jane.reason) == (Fate.REMOVE, "logged in here as jane, jane-2")
    assert jane.people == ("jane", "jane-2")
    assert (jane.keeps, jane.loses) == ((), (ADMIN, VIEW))


def test_where_all_are_to_go_nobody_waits() -> None:
    [jane] = plan_adoption(LEFT, {}, {ADMIN}, set(), NOW, everybody=True).accounts
    assert (jane.fate, jane.reason) == (Fate.REMOVE, "all are to be removed")


def test_a_token_without_an_end_is_told() -> None:
    left = FirstSystem(LEFT.accounts, LEFT.bindings, (token("t", "jane", None),))
    [jane] = plan_adoption(left, {}, {ADMIN}, set(), NOW).accounts
    assert (jane.tokens, jane.never_ends) == (1, True)


def test_an_object_is_named_with_its_place() -> None:
    assert str(found(Kind.SECRET, "t", "default")) == "secrets default/t"
    assert str(found(Kind.CLUSTER_ROLE, "r")) == "clusterroles r"


def test_what_a_selector_could_give_in_any_namespace_counts_as_given_there() -> None:
    left = FirstSystem(LEFT.accounts, (binding("b", VIEW, "jane"),))
    for grant, fate in (
        (Grant("view", "*"), Fate.WAIT),
        (VIEW, Fate.WAIT),
        (Grant("view"), Fate.WAIT),
        (Grant("edit", "*"), Fate.REMOVE),
        (Grant("view", "other"), Fate.REMOVE),
    ):
        [jane] = plan_adoption(left, {}, {grant}, set(), NOW).accounts
        assert jane.fate is fate, grant


def test_a_role_goes_when_nothing_binds_it_any_more_and_else_is_told() -> None:
    def role(name: str) -> Found:
        return found(Kind.CLUSTER_ROLE, name)

    left = FirstSystem(
        bindings=(
            binding("its-own", Grant("gone-from-jwt"), "jane"),
            binding("by-hand", Grant("kept-from-jwt"), "jane", "john", its_own=False),
        ),
        roles=(role("gone-from-jwt"), role("kept-from-jwt"), role("policys-from-jwt")),
        roles_of_others=frozenset({"policys-from-jwt"}),
    )
    plan = plan_adoption(left, {}, set(), {"policys-from-jwt"}, NOW)
    assert [one.name for one in plan.remove] == ["its-own", "gone-from-jwt"]
    assert [one.name for one in plan.roles] == ["policys-from-jwt"]
    by_hand, kept = plan.left
    assert by_hand.startswith("clusterrolebindings by-hand binds jane, john to kept-from-jwt and ")
    assert kept == "clusterroles kept-from-jwt is still bound, so it stays until that goes"
