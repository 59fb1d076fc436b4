"""A history as plain values, made of a seed: what happens, to whom, where. Plays nothing, see `playing`."""

import random
from collections.abc import Collection
from dataclasses import dataclass, fields

GROUPS = ("admins", "developers", "bakers", "strangers")
"""`strangers` are given nothing by any policy."""

PEOPLE = 3
"""In one history. Each is somebody whom no other history knows."""

BY_THEMSELVES = {
    "log_in": 22,
    "log_in_for_a_token": 6,
    "show_an_older_token": 8,
    "show_the_same_token": 4,
    "fetch_a_token": 6,
    "begin_a_short_session": 3,
    "end_the_sessions": 2,
    "leave": 6,
}
BY_ADMINISTRATORS = {
    "revoke": 5,
    "revoke_everybody": 1,
    "suspend": 3,
    "resume": 4,
    "set_an_end": 2,
    "take_the_end_away": 2,
}
BY_HAND = {
    "delete_the_grant": 4,
    "suspend_by_hand": 2,
    "end_by_hand": 1,
    "refuse_older_tokens_by_hand": 2,
    "change_the_groups_by_hand": 2,
    "delete_a_binding": 3,
    "bind_somebody_else": 2,
    "take_the_marks_away": 2,
    "bind_more_as_the_owner": 2,
    "bind_as_a_stranger": 2,
    "delete_the_account": 3,
    "delete_the_sessions": 1,
    "make_a_namespace": 2,
    "label_a_namespace": 3,
    "delete_a_namespace": 1,
}
BY_TIME = {"let_days_go_by": 4}
TO_EVERYBODY = {
    "change_the_policy": 2,
    "kill": 0.7,
    "kill_the_leader": 0.7,
    "kill_both": 0.3,
    "pause": 0.3,
    "pause_the_leader": 0.5,
}
WEIGHTS = {**BY_THEMSELVES, **BY_ADMINISTRATORS, **BY_HAND, **BY_TIME, **TO_EVERYBODY}


@dataclass(frozen=True, slots=True)
class Step:
    """`who` is a person and `at` a replica, counted from 0; `number` picks one of what there is.

    The next step waits for this one's end unless it goes on `beside`.
    """

    what: str
    who: int = 0
    at: int = 0
    groups: tuple[str, ...] = ()
    number: int = 0
    beside: bool = False

    def __str__(self) -> str:
        told = [(one.name, getattr(self, one.name), one.default) for one in fields(self)]
        given = [f"{name}={value!r}" for name, value, usual in told[1:] if value != usual]
        return f"{self.what}({', '.join(given)})"


Steps = tuple[Step, ...]


def made_of(seed: int, without: Collection[str] = ()) -> Steps:
    """The history of this seed; always the same one, `without` steps of these kinds."""
    chance = random.Random(seed)
    some = tuple(_step(chance, "") for _ in range(chance.randint(6, 18)))
    return (_step(chance, "log_in"), *(one for one in some if one.what not in without))


def _step(chance: random.Random, what: str) -> Step:
    drawn = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    return Step(
        what or drawn,
        who=chance.choice((0, 0, 0, 1, 1, 2)),
        at=chance.randrange(2),
        groups=tuple(sorted(chance.sample(GROUPS, chance.choice((0, 1, 1, 2, 2, 3))))),
        number=chance.randrange(6),
        beside=chance.random() < 0.3,
    )
