"""The picture of somebody's access, laid out: group → rule → role → namespace. `picture.html` draws it.

Lengths are in the picture's own units, about a pixel each. One row a rule: its role stands beside
it, so that it is never in doubt which rule gives what where. What would be many boxes is one:
groups that lead to the same rules, and namespaces of one rule.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jwt_to_rbac.usecases.access_seen import AccessSeen, RuleSeen

WIDTH = 1040.0
_BOX, _STEP = 200.0, 280.0
_TOP, _GAP = 36.0, 10.0
_LOW, _HIGH = 30.0, 48.0
"""Heights of a box without and with a note."""

_LETTERS = 22
"""Cells of the monospaced letters that fit into a box."""

_FEW = 3
"""As many groups or namespaces are drawn one by one; more are one box."""

WHOLE_CLUSTER = "the whole cluster"


@dataclass(slots=True)
class Box:
    """`text` fits, `full` is the whole name or names; `kind` is "", "idle", "danger" or "missing"."""

    text: str
    full: str
    kind: str = ""
    note: str = ""
    x: float = 0.0
    y: float = 0.0

    @property
    def height(self) -> float:
        return _HIGH if self.note else _LOW

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Way:
    """A line from one box to the next; `path` is SVG's."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn; `columns` are their titles with where they stand."""

    width: float
    height: float
    box_width: float
    columns: Sequence[tuple[float, str]]
    boxes: Sequence[Box]
    ways: Sequence[Way]


def draw(access: AccessSeen) -> Picture:
    """The picture; empty of lines where nothing matched."""
    rules = [Box(*_fitting(f"{one.number} {one.name}")) for one in access.rules]
    roles = [_role(one) for one in access.rules]
    groups, places = _groups(access), _places(access.rules)

    bottom = _TOP
    for row, (rule, role) in enumerate(zip(rules, roles, strict=True)):
        beside = ([box for box, rows in ends if rows[:1] == (row,)] for ends in (groups, places))
        first, last = beside
        bottom = _row((first, [rule], [role], last), bottom)
    bottom = _row(([box for box, rows in groups if not rows],), bottom)
    ways = [_way(box, rules[row]) for box, rows in groups for row in rows]
    ways += [_way(rule, role, role.kind) for rule, role in zip(rules, roles, strict=True)]
    ways += [_way(roles[row], box, roles[row].kind) for box, rows in places for row in rows]
    titles = ("Your groups", "Rules of the policy", "ClusterRoles", "Where they hold")
    return Picture(
        WIDTH,
        bottom - _GAP + 4,
        _BOX,
        list(zip(_columns(), titles, strict=True)),
        [*(box for box, _ in groups), *rules, *roles, *(box for box, _ in places)],
        ways,
    )


def _row(columns: Sequence[Sequence[Box]], top: float) -> float:
    """Give boxes their places, each column in the middle of the row; the next row's top."""
    height = max(_tall(column) for column in columns)
    for x, column in zip(_columns(), columns, strict=False):
        y = top + (height - _tall(column)) / 2
        for box in column:
            box.x, box.y = x, y
            y += box.height + _GAP
    return top + height


def _columns() -> list[float]:
    return [column * _STEP for column in range(4)]


def _role(rule: RuleSeen) -> Box:
    if not rule.exists:
        return Box(*_fitting(rule.role), "missing", "doesn't exist")
    if rule.changes_the_cluster:
        return Box(*_fitting(rule.role), "danger", "changes things")
    return Box(*_fitting(rule.role), "", "changes things" if rule.writes else "reads")


_Ends = list[tuple[Box, tuple[int, ...]]]
"""Boxes, each with the rows of rules that it belongs to; it stands beside the first."""


def _groups(access: AccessSeen) -> _Ends:
    """Groups in the order of the rules that they lead to; those that lead nowhere have no row."""
    leads: dict[str, list[int]] = {}
    for row, rule in enumerate(access.rules):
        for group in rule.matched.groups:
            leads.setdefault(group, []).append(row)
    alike: dict[tuple[int, ...], list[str]] = {}
    for group, rows in leads.items():
        alike.setdefault(tuple(rows), []).append(group)
    found: _Ends = []
    for where, together in sorted(alike.items()):
        found += [(box, where) for box in _boxes(together, "groups")]
    by_itself = tuple(row for row, rule in enumerate(access.rules) if not rule.matched.groups)
    if by_itself:
        found.append((Box("you yourself", "", "", "by an expression"), by_itself))
    idle = _boxes(access.idle_groups, "groups", "idle", "gives nothing")
    return found + [(box, ()) for box in idle]


def _places(rules: Sequence[RuleSeen]) -> _Ends:
    """One box for each place, whichever rules lead there."""
    danger = "danger" if any(rule.changes_the_cluster for rule in rules) else ""
    found: dict[tuple[str, str], tuple[Box, list[int]]] = {}
    for row, rule in enumerate(rules):
        there = [Box(WHOLE_CLUSTER, "", danger)] if rule.everywhere else []
        there += _boxes(rule.namespaces, "namespaces")
        there += _boxes(rule.matched.absent_namespaces, "namespaces", "missing", "doesn't exist")
        for box in there:
            found.setdefault((box.full, box.note), (box, []))[1].append(row)
    return [(box, tuple(rows)) for box, rows in found.values()]


def _boxes(names: Sequence[str], what: str, kind: str = "", note: str = "") -> list[Box]:
    """A box each; of many, one for all."""
    if len(names) <= _FEW:
        return [Box(*_fitting(name), kind, note) for name in names]
    return [Box(f"{len(names)} {what}", ", ".join(names), kind, note)]


def _fitting(name: str) -> tuple[str, str]:
    """A name as it fits, without its middle if it must; and the whole of it."""
    if _cells(name) <= _LETTERS:
        return name, name
    head, tail = name, name
    while _cells(head) > _LETTERS // 2:
        head = head[:-1]
    while _cells(tail) > _LETTERS // 2 - 1:
        tail = tail[1:]
    return f"{head}…{tail}", name


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _tall(boxes: Iterable[Box]) -> float:
    return sum(box.height + _GAP for box in boxes)


def _way(start: Box, end: Box, kind: str = "") -> Way:
    x, to, y, end_y = start.x + _BOX, end.x, start.middle, end.middle
    bend = (x + to) / 2
    return Way(f"M{x:g} {y:g}C{bend:g} {y:g} {bend:g} {end_y:g} {to:g} {end_y:g}", kind)
