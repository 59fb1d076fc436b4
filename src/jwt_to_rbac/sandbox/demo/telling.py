"""Tells a story step by step: each step says what is done, how it was checked and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from jwt_to_rbac.sandbox.demo.terminal import Ink, Terminal
from jwt_to_rbac.sandbox.errors import SandboxError


class Wrong(Exception):
    """Something is not as the story tells it; the text says what was expected and what was seen."""


class StepFailed(Exception):
    """A step did not come out right; the text names it."""


class Teller:
    """The story's voice."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.steps = 0
        self._began = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the story began."""
        return time.monotonic() - self._began

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step. Whatever goes wrong inside becomes StepFailed with the step's name."""
        self.steps += 1
        number, began = self.steps, time.monotonic()
        self.terminal.line()
        self.terminal.line(f"{number:2}  {title}", Ink.HEAD)
        try:
            yield
        except (Wrong, SandboxError) as trouble:
            raise StepFailed(f"Step {number}, “{title}”, went wrong: {trouble}") from trouble
        except Exception as trouble:
            what = f"{type(trouble).__name__}: {trouble}"
            raise StepFailed(f"Step {number}, “{title}”, went wrong: {what}") from trouble
        self.terminal.line(f"    ({time.monotonic() - began:.1f} s)", Ink.FAINT)

    def say(self, text: str) -> None:
        """A sentence for the reader."""
        self.terminal.prose(text)

    def command(self, who: str, command: str) -> None:
        """What somebody types: `jane$ kubectl get pods`."""
        self.terminal.prose(command, Ink.COMMAND, hanging=f"{who}$ ")

    def sure(self, claim: str, right: object, seen: object = "") -> None:
        """Tell a claim if it is right, else raise Wrong with what was `seen` instead."""
        if not right:
            raise Wrong(f"it should be so that {claim}. Seen instead: {str(seen).strip() or right}")
        self.terminal.prose(claim, Ink.GOOD, hanging="✓ ")
