"""What people are told of an AccessGrant as it happens, beside its status. Pure; see `kube.events`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jwt_to_rbac.core.conditions import READY, RULES_EVALUATED, Condition

Fact = str | int | bool | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened. `action` and `reason` are words in UpperCamelCase, as in Kubernetes'
    Events (events.k8s.io/v1); `warning` if somebody has to look."""

    action: str
    reason: str
    note: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Happened:
    """News as it was told at the time `at` (seconds since 1970) of the AccessGrant with the uid `of`."""

    at: float
    reason: str
    note: str
    warning: bool
    of: str


def of_decision(event: str, facts: Mapping[str, Fact]) -> News | None:
    """The news in an audit record's event and facts (see `audit.record`); None if it is none.

    Tokens and renewals are none: they come by the minute, and the audit record has them.
    """
    by = f" by {facts['caller']}" if facts.get("caller") else ""
    given, taken = _list(facts.get("given")), _list(facts.get("taken"))
    match event:
        case "login" if facts.get("changed"):
            changes = [f"given {given}"] * bool(given) + [f"taken {taken}"] * bool(taken)
            text = "; ".join(changes) or "nothing but the record of the newest token"
            return News("LogIn", "AccessChanged", f"A login changed what is held: {text}.")
        case "login_refused" if taken:
            text = f"A login was refused ({facts.get('code')}), and took {taken}."
            return News("LogIn", "AccessTaken", text, warning=True)
        case "person_changed":
            return _person_changed(facts, by)
        case "revoke":
            return News("Revoke", "Revoked", f"Everything is taken{by}.")
        case "session_ended":
            return News("EndSession", "SessionEnded", f"Session {facts.get('session')} ended{by}.")
        case "repair":
            text = f"Was {_list(facts.get('held')) or 'nothing'}, "
            text += f"is to be {_list(facts.get('grants')) or 'nothing'}."
            return News("Repair", "Repaired", text)
    return None


def of_conditions(before: tuple[Condition, ...], told: tuple[Condition, ...]) -> tuple[News, ...]:
    """Warnings of what an administrator has to mend, when it is told first or told otherwise."""
    known = {(one.type, one.status, one.reason, one.message) for one in before}
    return tuple(
        News("Settle", one.reason, one.message, warning=True)
        for one in told
        if (one.status == "False") == (one.type in (READY, RULES_EVALUATED))
        and (one.type, one.status, one.reason, one.message) not in known
    )


def _person_changed(facts: Mapping[str, Fact], by: str) -> News | None:
    suspended, end = facts.get("suspended"), facts.get("expires_at")
    if suspended is not None:
        action, word = ("Suspend", "Suspended") if suspended else ("Resume", "Resumed")
        return News(action, word, f"{word}{by}.")
    if end is not None:
        text = f"Access ends at a set time{by}." if end else f"Access has no set end any more{by}."
        return News("SetEnd", "EndSet", text)
    return None


def _list(fact: Fact) -> str:
    return ", ".join(fact) if isinstance(fact, list | tuple) else ""
