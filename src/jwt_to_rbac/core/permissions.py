"""What ClusterRoles allow, read as a table: for each resource and verb, the sources that give it.

Pure, and by the meaning that Kubernetes gives rules (see `authorization`): what `*` covers counts
in every line that it covers, and a rule without resourceNames in those with them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from jwt_to_rbac.core.authorization import ALL
from jwt_to_rbac.core.policy import PolicyRule

Sources = tuple[int, ...]
"""Who gives something, by number, ascending."""

_Given = dict[str, int]
"""Verbs, each with its sources as bits."""

_Frozen = frozenset[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Line:
    """Resources of one API group that all allow the same. `names` are empty for every object.

    A subresource is `pods/log`, as rules write it. In `given` a verb may be `*`.
    """

    api_group: str
    resources: tuple[str, ...]
    names: tuple[str, ...]
    given: Mapping[str, Sources]


@dataclass(frozen=True, slots=True)
class PathLine:
    """Addresses of the API server that are no resources, such as `/healthz`."""

    path: str
    given: Mapping[str, Sources]


@dataclass(frozen=True, slots=True)
class Permissions:
    """The whole table; API groups in order, `*` before all others."""

    lines: tuple[Line, ...] = ()
    paths: tuple[PathLine, ...] = ()


class _Target(NamedTuple):
    """What is asked about at once; `name` is empty for every object. A tuple for the sake of speed."""

    api_group: str
    resource: str
    name: str = ""

    def is_wide(self) -> bool:
        return self.api_group == ALL or self.resource.startswith(ALL)

    def covers(self, other: "_Target") -> bool:
        return (
            self.api_group in (ALL, other.api_group)
            and self._covers_resource(other.resource)
            and self.name in ("", other.name)
        )

    def _covers_resource(self, resource: str) -> bool:
        _, slash, sub = resource.partition("/")
        return self.resource in (ALL, resource) or (bool(slash) and self.resource == f"{ALL}/{sub}")


Source = tuple[int, tuple[PolicyRule, ...]]
"""The number of who gives it, and a ClusterRole's rules."""


@lru_cache(maxsize=128)
def permissions(sources: tuple[Source, ...]) -> Permissions:
    """The table of several ClusterRoles. Kept, as it is asked for with every page of a person."""
    said: dict[_Target, _Given] = {}
    wide: set[_Target] = set()
    paths: dict[str, _Given] = {}
    for number, rules in sources:
        here = _said_by(rules)
        wide |= here.wide
        for target, verbs in here.targets:
            _join(said.setdefault(target, {}), dict.fromkeys(verbs, 1 << number))
        for path, verbs in here.paths:
            _join(paths.setdefault(path, {}), dict.fromkeys(verbs, 1 << number))
    return Permissions(_lines(_spread(said, wide)), _path_lines(paths))


@dataclass(frozen=True, slots=True)
class _Said:
    """One role's rules, taken apart; `wide` are targets that cover others."""

    targets: tuple[tuple[_Target, frozenset[str]], ...]
    paths: tuple[tuple[str, frozenset[str]], ...]
    wide: frozenset[_Target]


@lru_cache(maxsize=512)
def _said_by(rules: tuple[PolicyRule, ...]) -> _Said:
    targets: dict[_Target, set[str]] = defaultdict(set)
    paths: dict[str, set[str]] = defaultdict(set)
    for rule in rules:
        for path in rule.non_resource_urls:
            paths[path].update(rule.verbs)
        for group in rule.api_groups:
            for resource in rule.resources:
                for name in rule.resource_names or ("",):
                    targets[_Target(group, resource, name)].update(rule.verbs)
    return _Said(
        tuple((target, frozenset(verbs)) for target, verbs in targets.items()),
        tuple((path, frozenset(verbs)) for path, verbs in paths.items()),
        frozenset(target for target in targets if target.is_wide()),
    )


def _spread(said: dict[_Target, _Given], wide: Iterable[_Target]) -> dict[_Target, _Given]:
    """The same, with each target told what wider ones give it too."""
    found: dict[_Target, _Given] = {}
    for target, given in said.items():
        wider = [one for one in wide if one != target and one.covers(target)]
        every_object = _Target(target.api_group, target.resource)
        if target.name and every_object in said and every_object not in wider:
            wider.append(every_object)
        if wider:
            given = dict(given)
            for one in wider:
                _join(given, said[one])
        found[target] = given
    return found


def _join(given: _Given, more: Mapping[str, int]) -> None:
    for verb, bits in more.items():
        given[verb] = given.get(verb, 0) | bits


def _lines(said: Mapping[_Target, _Given]) -> tuple[Line, ...]:
    """Names that are allowed the same in one line, then resources that are."""
    named: dict[tuple[str, str, _Frozen], list[str]] = defaultdict(list)
    for target in sorted(said):
        if target.name and said.get(_Target(target.api_group, target.resource)) == said[target]:
            continue  # It says nothing that the line of every object doesn't.
        given = frozenset(said[target].items())
        named[target.api_group, target.resource, given] += [target.name] * bool(target.name)
    alike: dict[tuple[str, tuple[str, ...], _Frozen], list[str]] = defaultdict(list)
    for (group, resource, given), names in named.items():
        alike[group, tuple(names), given].append(resource)
    return tuple(
        Line(group, tuple(resources), names, _told(dict(given)))
        for (group, names, given), resources in alike.items()
    )


def _path_lines(paths: Mapping[str, _Given]) -> tuple[PathLine, ...]:
    """Each told what wider ones give it too: `/healthz` lies within `/*`."""
    found = []
    for path in sorted(paths):
        whole = dict(paths[path])
        for other, given in paths.items():
            if other != path and other.endswith(ALL) and path.startswith(other.rstrip(ALL)):
                _join(whole, given)
        found.append(PathLine(path, _told(whole)))
    return tuple(found)


def _told(given: _Given) -> Mapping[str, Sources]:
    """Bits as numbers; `*` counts for every verb that has a place of its own."""
    every = given.get(ALL, 0)
    return {verb: _numbers(bits | every) for verb, bits in sorted(given.items())}


def _numbers(bits: int) -> Sources:
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return tuple(found)


def giving(given: Mapping[str, Sources], verb: str) -> Sources:
    """The sources of a verb in a line, those of `*` among them."""
    return given.get(verb) or given.get(ALL, ())


def other_verbs(given: Mapping[str, Sources], columns: Sequence[str]) -> list[str]:
    """Verbs that a table with these columns has no place for: `impersonate`, `bind` and the like."""
    return [verb for verb in given if verb not in columns]
