"""What becomes an Event, and that all else stays in the audit record alone."""

import pytest

from jwt_to_rbac.core.conditions import Condition
from jwt_to_rbac.core.news import Fact, News, of_conditions, of_decision

TOLD: list[tuple[str, str, dict[str, Fact], News]] = [
    (
        "gained and lost",
        "login",
        {"changed": True, "given": ["admin@cluster", "view@x"], "taken": ["edit@y"]},
        News(
            "LogIn",
            "AccessChanged",
            "A login changed what is held: given admin@cluster, view@x; taken edit@y.",
        ),
    ),
    (
        "a newer token of the same groups",
        "login",
        {"changed": True, "given": [], "taken": []},
        News(
            "LogIn",
            "AccessChanged",
            "A login changed what is held: nothing but the record of the newest token.",
        ),
    ),
    (
        "refused, and so lost",
        "login_refused",
        {"code": "no_access", "taken": ["admin@cluster"]},
        News(
            "LogIn", "AccessTaken", "A login was refused (no_access), and took admin@cluster.", True
        ),
    ),
    (
        "suspended",
        "person_changed",
        {"caller": "root", "suspended": True, "expires_at": None},
        News("Suspend", "Suspended", "Suspended by root."),
    ),
    (
        "resumed",
        "person_changed",
        {"caller": "root", "suspended": False, "expires_at": None},
        News("Resume", "Resumed", "Resumed by root."),
    ),
    (
        "an end is set",
        "person_changed",
        {"suspended": None, "expires_at": 1_700_000_000},
        News("SetEnd", "EndSet", "Access ends at a set time."),
    ),
    (
        "an end is taken away",
        "person_changed",
        {"caller": "root", "suspended": None, "expires_at": 0},
        News("SetEnd", "EndSet", "Access has no set end any more by root."),
    ),
    (
        "revoked",
        "revoke",
        {"caller": "root"},
        News("Revoke", "Revoked", "Everything is taken by root."),
    ),
    (
        "a session's end",
        "session_ended",
        {"caller": "root", "session": "jane-1"},
        News("EndSession", "SessionEnded", "Session jane-1 ended by root."),
    ),
    (
        "repaired",
        "repair",
        {"held": [], "grants": ["admin@cluster (rule admins)"]},
        News("Repair", "Repaired", "Was nothing, is to be admin@cluster (rule admins)."),
    ),
    (
        "repaired to nothing",
        "repair",
        {"held": ["admin@cluster", "view@x"], "grants": []},
        News("Repair", "Repaired", "Was admin@cluster, view@x, is to be nothing."),
    ),
    (
        "facts that are no lists",
        "login",
        {"changed": True, "given": "admin@cluster", "taken": None},
        News(
            "LogIn",
            "AccessChanged",
            "A login changed what is held: nothing but the record of the newest token.",
        ),
    ),
]

NOT_TOLD: list[tuple[str, dict[str, Fact]]] = [
    ("token", {"session": "jane-1"}),
    ("login", {"changed": False}),
    ("login_refused", {"code": "token_expired", "taken": []}),
    ("person_changed", {"suspended": None, "expires_at": None}),
    ("session_expired", {"session": "jane-1"}),
]


@pytest.mark.parametrize(("event", "facts", "news"), [pytest.param(*c[1:], id=c[0]) for c in TOLD])
def test_what_changes_access_is_told(event: str, facts: dict[str, Fact], news: News) -> None:
    assert of_decision(event, facts) == news


@pytest.mark.parametrize(
    ("event", "facts"), [pytest.param(*c, id=f"{c[0]} {c[1]}") for c in NOT_TOLD]
)
def test_what_changes_nothing_is_not_told(event: str, facts: dict[str, Fact]) -> None:
    assert of_decision(event, facts) is None


READY = Condition("Ready", "True", "Applied", "fine")
ABSENT = Condition("Ready", "False", "ClusterRoleAbsent", "Make them.")
EVALUATED = Condition("RulesEvaluated", "True", "Evaluated", "fine")
FAILED = Condition("RulesEvaluated", "False", "RuleFailed", "mend")
FOREIGN = Condition("ForeignBindings", "True", "MadeByOthers", "Delete these bindings.")


@pytest.mark.parametrize(
    ("before", "told", "reasons"),
    [
        pytest.param((), (READY, EVALUATED), [], id="all is well"),
        pytest.param((READY,), (ABSENT, EVALUATED), ["ClusterRoleAbsent"], id="a new trouble"),
        pytest.param((ABSENT,), (ABSENT,), [], id="a known trouble"),
        pytest.param((ABSENT,), (READY,), [], id="a mended one"),
        pytest.param((), (READY, FAILED, FOREIGN), ["RuleFailed", "MadeByOthers"], id="two"),
    ],
)
def test_what_a_person_must_mend_is_a_warning_once(
    before: tuple[Condition, ...], told: tuple[Condition, ...], reasons: list[str]
) -> None:
    # A condition that was told has the moment of it; a fresh one has none.
    stamped = tuple(Condition(c.type, c.status, c.reason, c.message, since=7) for c in before)
    news = of_conditions(stamped, told)
    assert [one.reason for one in news] == reasons
    assert all(one.warning and one.action == "Settle" for one in news)
    assert [one.note for one in news] == [c.message for c in told if c.reason in reasons]
