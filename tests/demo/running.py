"""The demo as a process: started, read line by line, ended. No assertions."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

_COMMAND = (sys.executable, "-m", "jwt_to_rbac.sandbox.demo")
_SECONDS = 180.0


@dataclass(frozen=True)
class Finished:
    """A demo that is over; `output` is all that it wrote."""

    code: int
    output: str


@dataclass
class Demo:
    """A demo that runs. Each call of `until` reads on."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def until(self, wanted: Callable[[str], bool]) -> str:
        """The next line that is wanted; empty if the demo ended before it."""
        for line in self._output:
            self.lines.append(line)
            if wanted(line):
                return line.strip()
        return ""

    def end(self, by: signal.Signals) -> Finished:
        """Send a signal and wait for the end."""
        self.process.send_signal(by)
        return self.finish()

    def finish(self) -> Finished:
        self.lines += self._output
        return Finished(self.process.wait(_SECONDS), "".join(self.lines))

    @property
    def _output(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout


def run_demo(
    *arguments: str, said: str = "", environment: dict[str, str] | None = None
) -> Finished:
    """Run it to its end; `said` is what the person types."""
    run = subprocess.run(
        [*_COMMAND, *arguments],
        input=said,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        env=os.environ | (environment or {}),
    )
    return Finished(run.returncode, run.stdout)


@contextmanager
def running_demo(
    *arguments: str, said: str = "", environment: dict[str, str] | None = None
) -> Iterator[Demo]:
    """Start it, and make sure that it is over after the block."""
    with subprocess.Popen(
        [*_COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | (environment or {}),
    ) as process:
        assert process.stdin is not None
        process.stdin.write(said)
        process.stdin.close()
        try:
            yield Demo(process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
