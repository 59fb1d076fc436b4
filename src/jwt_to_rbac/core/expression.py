"""A CEL expression as the core and the adapters use it; compiling one is for `settings`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


class ExpressionFailed(Exception):
    """An expression has no value for these variables. The message says why, in one short line."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was checked when it was read; two of one text are equal.

    `value` gives its value for variables (name to plain data), or raises ExpressionFailed.
    """

    text: str
    value: Callable[[Mapping[str, object]], object] = field(compare=False, repr=False)

    def holds(self, variables: Mapping[str, object]) -> bool:
        """Whether the value is true. Raises ExpressionFailed, also where it is no boolean."""
        value = self.value(variables)
        if not isinstance(value, bool):
            raise ExpressionFailed("it is neither true nor false")
        return value
