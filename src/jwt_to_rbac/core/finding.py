"""What looking at an installation found, one thing at a time. Who looks, and at what, is not here."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`unknown` is what could not be looked at, which is no fault of the installation."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` names what was looked at, `detail` says what was seen (never a secret), `mending`
    what to do about it; it is empty where all is well."""

    check: str
    state: State
    detail: str
    mending: str = ""


def good(check: str, detail: str) -> Finding:
    return Finding(check, State.OK, detail)


def bad(check: str, detail: str, mending: str) -> Finding:
    return Finding(check, State.FAILED, detail, mending)


def unknown(check: str, detail: str, mending: str) -> Finding:
    return Finding(check, State.UNKNOWN, detail, mending)
