"""Somebody's machine: a fresh HOME, kubectl and jwt-to-rbac on the PATH, and a browser that logs them in."""

import json
import os
import pty
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jwt_to_rbac.client.target import Target, parsed
from jwt_to_rbac.sandbox import Person, Sandbox
from tests.support import form_browser

SECONDS = 120.0


@dataclass(frozen=True)
class Ended:
    """A command that is over."""

    code: int
    out: str
    err: str


class Machine:
    """A person at their machine. `environment` is what all commands run in."""

    def __init__(self, home: Path, sandbox: Sandbox, person: Person, server: str) -> None:
        self.home = home
        self.server = server
        self._log = home / "addresses"
        programs = (Path(sys.executable).parent, sandbox.kubectl.parent, "/usr/bin", "/bin")
        browser = f"{shlex.quote(sys.executable)} {shlex.quote(form_browser.__file__)} %s"
        self.environment = {
            "HOME": str(home),
            "PATH": os.pathsep.join(map(str, programs)),
            "BROWSER": browser,
            "WHO": person.email,
            "PASSWORD": person.password,
            "LOG": str(self._log),
            "TERM": "xterm",
        }

    def set_up(self, *arguments: str) -> None:
        """kubectl's entry, without a login: as a kubeconfig that an administrator gave out."""
        done = self.run("jwt-to-rbac", "kubeconfig", f"--server={self.server}", *arguments)
        assert done.code == 0, done.err

    def run(self, *command: str, terminal: bool = False) -> Ended:
        return self.wait(self.start(*command, terminal=terminal))

    def kubectl(self, *arguments: str, terminal: bool = True) -> Ended:
        """kubectl at a terminal, or in a script; the output is not a terminal."""
        return self.run("kubectl", *arguments, terminal=terminal)

    def start(self, *command: str, terminal: bool = False) -> subprocess.Popen[str]:
        ours, theirs = pty.openpty() if terminal else (-1, subprocess.DEVNULL)
        process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            text=True,
            start_new_session=True,
        )
        if terminal:
            os.close(theirs)
            process._terminal = os.fdopen(ours)  # type: ignore[attr-defined] # open as long as it
        return process

    def wait(self, process: subprocess.Popen[str]) -> Ended:
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
            if hasattr(process, "_terminal"):
                process._terminal.close()
        return Ended(process.returncode, out, err)

    def addresses(self) -> list[str]:
        """Each address that the browser was opened with."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    def nobody_there(self) -> None:
        """From now on a window opens, and nobody logs in."""
        self.environment.pop("WHO", None)

    def target(self) -> Target:
        view = self.run("kubectl", "config", "view", "--raw", "--minify", "-o", "json")
        [user] = json.loads(view.out)["users"]
        return parsed(user["user"]["exec"]["args"][1:])

    def folder(self) -> Path:
        """Where the login's files are."""
        return Path(self.target().folder(self.environment))

    def state(self) -> dict[str, Any]:
        return dict(json.loads((self.folder() / "state.json").read_text()))

    def change_state(self, **changes: object) -> None:
        (self.folder() / "state.json").write_text(json.dumps(self.state() | changes))

    def let_it_expire(self) -> None:
        """The credential's time is over; the token itself may still be good."""
        file = self.folder() / "credential"
        head, _, document = file.read_text().partition("\n")
        file.write_text(f"1 {head.split()[1]}\n{document}")
