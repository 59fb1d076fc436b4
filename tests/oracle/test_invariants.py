"""The oracle's invariants: each kind of harm is noticed, and a history without any is not blamed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest

from tests.support.oracle.invariants import (
    History,
    left_over,
    meddled,
    misdirected,
    too_much,
    unanswered,
    undone,
    unrecorded,
)
from tests.support.oracle.ledger import Asked, Barred, Disturbed, InForce, Ledger, Revoked, Shown
from tests.support.oracle.revision import WRITER, Owner, Revision, Subject

JANE = "jane-example-com"
USERS = "jwt-to-rbac-users"
SUBJECT = Subject("ServiceAccount", JANE, USERS)
GRANTS = {
    "admins": frozenset({"admin@cluster"}),
    "developers": frozenset({"edit@cluster"}),
}


@dataclass
class Story:
    """Revisions as the API server would tell them: one a second, by version."""

    told: list[Revision] = field(default_factory=list)
    versions: Iterator[int] = field(default_factory=lambda: count(1))

    def tell(self, kind: str, name: str, uid: str = "", **facts: Any) -> Revision:
        version = next(self.versions)
        place = USERS if kind in ("ServiceAccount", "Secret") else ""
        one = Revision(version, float(version), (kind, place, name), uid or f"uid-{name}")
        self.told.append(replace(one, **facts))
        return self.told[-1]

    def log_in(self, *roles: str) -> Owner:
        grant = self.tell("AccessGrant", JANE, f"uid-grant-{len(self.told)}")
        owner = Owner("AccessGrant", JANE, grant.uid)
        self.tell("ServiceAccount", JANE, f"uid-account-{len(self.told)}", owner=owner)
        for role in roles:
            self.bind(role, owner)
        return owner

    def bind(self, role: str, owner: Owner, **facts: Any) -> Revision:
        given: dict[str, Any] = {
            "uid": f"{owner.uid}-{role}",
            "owner": owner,
            "grant": f"{role}@cluster",
            "subjects": (SUBJECT,),
        }
        return self.tell("ClusterRoleBinding", f"{JANE}-{role}", **(given | facts))

    def end(self, one: Revision) -> None:
        version = next(self.versions)
        self.told.append(replace(one, version=version, at=float(version), gone=True))

    def end_all(self) -> None:
        for one in list(self.history().last().values()):
            self.end(one)

    @property
    def now(self) -> int:
        return self.told[-1].version

    def history(self) -> History:
        return History(tuple(self.told), self.told[-1].at + 1)


@pytest.fixture
def story() -> Story:
    return Story()


def ledger(*groups: str) -> Ledger:
    shown = Shown(JANE, issued_at=100, groups=frozenset(groups), since=0)
    return Ledger([shown], [], [InForce(GRANTS, 0)])


def test_a_quiet_history_is_not_blamed(story: Story) -> None:
    owner = story.log_in("admin", "edit")
    story.tell("Secret", "jane-token", owner=owner)
    records = [{"event": "token", "session": "jane-token", "time": "1970-01-01T00:00:03.000Z"}]
    known = ledger("admins", "developers")
    history = story.history()
    assert too_much(history, known, [JANE]) == []
    assert left_over(history) == undone(history, known) == meddled(history) == []
    assert misdirected(history) == unrecorded(history, records) == []


def test_a_grant_that_no_token_gives_is_noticed(story: Story) -> None:
    story.log_in("admin", "edit")
    (found,) = too_much(story.history(), ledger("developers"), [JANE])
    assert "admin@cluster" in found


def test_a_grant_too_much_is_noticed_though_it_goes_again(story: Story) -> None:
    owner = story.log_in("edit")
    story.end(story.bind("admin", owner))
    assert len(too_much(story.history(), ledger("developers"), [JANE])) == 1
    assert too_much(story.history(), ledger("developers"), [JANE], repaired_within=2) == []


def test_a_grant_too_much_that_stays_is_noticed_however_patient_one_is(story: Story) -> None:
    story.bind("admin", story.log_in("edit"))
    story.tell("ClusterRole", "later")
    story.tell("ClusterRole", "much-later")
    assert len(too_much(story.history(), ledger("developers"), [JANE], repaired_within=2)) == 1


def test_what_a_policy_gave_is_too_much_once_it_is_replaced(story: Story) -> None:
    story.log_in("admin")
    known = ledger("admins")
    known.policies[0].until = story.now
    known.policies.append(InForce({}, story.now))
    assert len(too_much(story.history(), known, [JANE])) == 1


def test_what_an_older_token_gave_is_too_much_once_a_newer_one_was_taken(story: Story) -> None:
    story.log_in("admin", "edit")
    known = ledger("admins")
    known.shown.append(Shown(JANE, 101, frozenset({"developers"}), since=0))
    assert too_much(story.history(), known, [JANE]) == []
    known.superseded.append(Revoked(JANE, issued_until=100, since=story.now))
    (found,) = too_much(story.history(), known, [JANE])
    assert "admin@cluster" in found
    assert undone(story.history(), known) == []


def test_who_is_barred_may_hold_nothing_meanwhile(story: Story) -> None:
    owner = story.log_in("admin")
    known = ledger("admins")
    barred = Barred(JANE, since=story.now)
    known.barred.append(barred)
    assert len(too_much(story.history(), known, [JANE])) == 1
    story.end_all()
    barred.since, barred.until = story.now, story.now + 1
    story.tell("ClusterRole", "meanwhile")
    story.bind("admin", owner, uid="uid-anew")
    assert too_much(story.history(), known, [JANE]) == []


@pytest.mark.parametrize(
    ("account", "since", "begun_by", "until", "excused"),
    [
        pytest.param(JANE, 4, 4, 5, True, id="in time"),
        pytest.param("", 0, 9, 9, True, id="anybody's"),
        pytest.param("john", 0, 9, 9, False, id="another's"),
        pytest.param(JANE, 5, 9, 9, False, id="of later"),
        pytest.param(JANE, 0, 3, 9, False, id="begun too late"),
        pytest.param(JANE, 0, 9, 4, False, id="gone too late"),
    ],
)
def test_what_had_a_cause_and_went_in_time_is_excused(
    story: Story, account: str, since: float, begun_by: float, until: float, excused: bool
) -> None:
    owner = story.log_in("edit")
    forbidden = story.bind("admin", owner)
    story.end(forbidden)
    assert (forbidden.version, story.now) == (4, 5)
    known = ledger("developers")
    known.disturbed.append(Disturbed(account, since, begun_by, until))
    assert bool(too_much(story.history(), known, [JANE])) is not excused


def test_what_an_acknowledgement_makes_too_much_began_after_the_revision_before_it(
    story: Story,
) -> None:
    owner = story.log_in("edit")
    forbidden, barred = story.bind("admin", owner), Barred(JANE, since=4)
    story.tell("ClusterRole", "long-after")
    story.end_all()
    known = ledger("admins", "developers")
    known.barred.append(barred)
    assert len(too_much(story.history(), known, [JANE])) == 2
    at = forbidden.at
    known.disturbed.append(Disturbed(JANE, since=at, begun_by=at, until=story.now + 1))
    assert too_much(story.history(), known, [JANE]) == []


def test_a_history_of_some_accounts_is_all_that_is_theirs(story: Story) -> None:
    owner = story.log_in("edit")
    story.tell("Secret", "jane-token", owner=owner)
    theirs = len(story.told)
    story.bind("view", Owner("AccessGrant", "john", "uid-john"), uid="theirs", subjects=())
    story.tell("ClusterRoleBinding", "stranger", grant="view@cluster", subjects=(SUBJECT,))
    found = story.history().of([JANE]).revisions
    assert [one.name for one in found] == [*(one.name for one in story.told[:theirs]), "stranger"]


def test_what_is_bound_after_a_revocation_is_noticed(story: Story) -> None:
    owner = story.log_in("admin")
    story.end_all()
    known = ledger("admins")
    known.revoked.append(Revoked(JANE, issued_until=100, since=story.now))
    assert too_much(story.history(), known, [JANE]) == undone(story.history(), known) == []
    story.bind("admin", owner, uid="uid-anew")
    assert len(too_much(story.history(), known, [JANE])) == 1
    assert len(undone(story.history(), known)) == 1


def test_what_a_revocation_left_is_noticed(story: Story) -> None:
    story.log_in("admin")
    known = ledger("admins")
    known.revoked.append(Revoked(JANE, issued_until=100, since=story.now))
    assert len(too_much(story.history(), known, [JANE])) == 1
    assert len(undone(story.history(), known)) == 3


def test_a_newer_token_after_a_revocation_may_give_again(story: Story) -> None:
    story.log_in("admin")
    story.end_all()
    known = ledger("admins")
    known.revoked.append(Revoked(JANE, issued_until=100, since=story.now))
    known.shown.append(Shown(JANE, 101, frozenset({"admins"}), since=story.now))
    story.log_in("admin")
    assert too_much(story.history(), known, [JANE]) == undone(story.history(), known) == []


def test_what_is_left_without_a_live_owner_is_noticed(story: Story) -> None:
    owner = story.log_in("admin")
    story.tell("Secret", "jane-token", owner=owner)
    story.end(story.told[0])
    assert len(left_over(story.history())) == 3


@pytest.mark.parametrize("kind", ["ServiceAccount", "Secret"])
def test_what_is_marked_and_belongs_to_nobody_is_noticed(story: Story, kind: str) -> None:
    story.tell(kind, "whose")
    assert len(left_over(story.history())) == 1


def test_what_is_nobodys_by_right_is_not_blamed(story: Story) -> None:
    story.tell("ClusterRole", "developers-from-jwt")
    group = Subject("Group", "developers")
    story.tell("ClusterRoleBinding", "for-a-group", grant="view@cluster", subjects=(group,))
    story.tell("ServiceAccount", "theirs", marked=False)
    assert left_over(story.history()) == []


def test_writing_to_what_others_made_is_noticed(story: Story) -> None:
    theirs: dict[str, Any] = {"marked": False, "writers": frozenset({"kubectl-create"})}
    story.tell("ClusterRole", "theirs", **theirs)
    assert meddled(story.history()) == []
    both = frozenset({"kubectl-create", WRITER})
    story.tell("ClusterRole", "theirs", **(theirs | {"writers": both}))
    assert len(meddled(story.history())) == 1


def test_a_change_of_what_nobody_may_change_is_noticed(story: Story) -> None:
    decoy = story.tell("ServiceAccount", "decoy", marked=False)
    story.end(decoy)
    assert meddled(story.history()) == []
    assert len(meddled(story.history(), {decoy.key})) == 1


def test_a_binding_for_somebody_else_is_noticed(story: Story) -> None:
    owner = story.log_in("admin")
    story.bind("edit", owner, subjects=(Subject("ServiceAccount", "mallory", USERS),))
    assert len(misdirected(story.history())) == 1


def test_a_session_without_a_record_from_before_it_is_noticed(story: Story) -> None:
    owner = story.log_in()
    story.tell("Secret", "jane-token", owner=owner)
    assert len(unrecorded(story.history(), [])) == 1
    late = {"event": "token", "session": "jane-token", "time": "1970-01-01T00:00:04.000Z"}
    assert len(unrecorded(story.history(), [late])) == 1


def test_an_answer_that_is_late_or_without_a_code_is_noticed() -> None:
    fine = [Asked("login", 201, "", 0.1), Asked("login", 503, "busy", 9), Asked("login", 0, "", 1)]
    bad = [Asked("login", 201, "", 11), Asked("login", 500, "", 0.1)]
    assert len(unanswered(Ledger(asked=fine + bad), within=10)) == 2
