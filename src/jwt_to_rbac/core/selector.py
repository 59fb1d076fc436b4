"""Kubernetes' label selectors: which labels they match. Which values are allowed is checked in `settings`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Labels = Mapping[str, str]
Operator = Literal["In", "NotIn", "Exists", "DoesNotExist"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label; `values` is for In and NotIn."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Labels) -> bool:
        match self.operator:
            case "In":
                return self.key in labels and labels[self.key] in self.values
            case "NotIn":
                # An absent label matches, as in Kubernetes.
                return self.key not in labels or labels[self.key] not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All of the requirements; none at all matches everything, as in Kubernetes."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Labels) -> bool:
        return all(requirement.matches(labels) for requirement in self.requirements)


@dataclass(frozen=True, slots=True)
class NamespaceLabels(Mapping[str, Labels]):
    """The namespaces of a cluster at one moment, each with its labels; never changed.

    Remembers what selectors chose: thousands of logins a second ask the same of one picture.
    """

    labels: Mapping[str, Labels] = field(default_factory=dict)
    _chosen: dict[LabelSelector, tuple[str, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def chosen_by(self, selector: LabelSelector) -> tuple[str, ...]:
        """The names of those whose labels match."""
        chosen = self._chosen.get(selector)
        if chosen is None:
            chosen = tuple(n for n, labels in self.labels.items() if selector.matches(labels))
            self._chosen[selector] = chosen
        return chosen

    def __getitem__(self, name: str) -> Labels:
        return self.labels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)
