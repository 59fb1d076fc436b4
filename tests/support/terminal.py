"""A terminal of 80 columns with a command at it. No assertions about what it shows."""

import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping
from dataclasses import dataclass, field
from fcntl import ioctl

from tests.support.waiting import eventually

COLUMNS = 80


@dataclass
class Screen:
    """A command at a terminal of its own; `text` is all that came to the screen so far."""

    process: subprocess.Popen[bytes]
    terminal: int
    text: str = ""
    before: list[object] = field(default_factory=list)

    def read(self) -> str:
        try:
            while part := os.read(self.terminal, 65536):
                self.text += part.decode(errors="replace").replace("\r\n", "\n")
        except (BlockingIOError, OSError):
            pass  # nothing yet, or the other side is closed
        return self.text

    def shows(self, words: str) -> bool:
        return bool(eventually(lambda: words in self.read(), 30))

    def ended(self) -> int:
        """Its exit code; the screen is read meanwhile, so that it can go on writing."""
        assert eventually(lambda: (self.read(), self.process.poll() is not None)[1], 60), self.text
        self.read()
        return self.process.returncode


def at_a_terminal(environment: Mapping[str, str], *command: str) -> Screen:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    os.set_blocking(ours, False)

    def foreground() -> None:
        ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
        preexec_fn=foreground,
    )
    found = Screen(process, ours, before=termios.tcgetattr(theirs))
    os.close(theirs)
    return found
