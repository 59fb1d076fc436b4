"""A running sandbox in the hands of the code that started it: what tests and the demo use."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jwt_to_rbac.sandbox.builds import NODE, ensure_program, ensure_programs
from jwt_to_rbac.sandbox.directory import directory_server
from jwt_to_rbac.sandbox.errors import LoginFailed, PartFailed
from jwt_to_rbac.sandbox.node import images
from jwt_to_rbac.sandbox.node.files import folder_of
from jwt_to_rbac.sandbox.owner import Keeper
from jwt_to_rbac.sandbox.people import new_password
from jwt_to_rbac.sandbox.ports import Ports
from jwt_to_rbac.sandbox.protocol import (
    AddApiServer,
    Facts,
    Inspect,
    Options,
    Order,
    PartState,
    Person,
    StartPart,
    StopPart,
)

SCOPES = ("openid", "profile", "email", "groups", "federated:id")
_LOGIN_SECONDS = 20.0
_DEFAULTS = Options()


class Sandbox:
    """A control plane, Dex and a directory on loopback. Made by `start`.

    `people` maps names to Person (email, password); `directory_server` changes who is in the
    directory and in which group.
    """

    def __init__(self, facts: Facts, keeper: Keeper) -> None:
        self.facts = facts
        self.directory = Path(facts.directory)
        self.kubeconfig = Path(facts.kubeconfig)
        self.ca_file = Path(facts.ca_file)
        self.kubectl = Path(facts.kubectl)
        self.api_server = facts.api_server
        self.issuer = facts.issuer
        self.client_id = facts.client_id
        self.client_secret = facts.client_secret
        self.public_client_id = facts.public_client_id
        self.people = dict(facts.people)
        self.directory_kind = facts.directory_access.kind
        self.directory_server = directory_server(facts.directory_access)
        self._keeper = keeper

    @property
    def keeper_pid(self) -> int:
        """The process that owns the parts."""
        return self._keeper.pid

    def add_person(self, name: str, *, groups: tuple[str, ...] = ()) -> Person:
        """Put a new person with a mail address `<name>@example.com` into the directory.

        Raises DirectoryRefused, for instance if the name is taken.
        """
        person = Person(name, f"{name}@example.com", new_password())
        self.directory_server.add_person(person)
        for group in groups:
            self.directory_server.add_to_group(name, group)
        self.people[name] = person
        return person

    def id_token(
        self,
        person: str | Person,
        *,
        client_id: str | None = None,
        scopes: tuple[str, ...] = SCOPES,
    ) -> str:
        """Log a person in at Dex by the password grant; returns the signed ID token.

        Raises LoginFailed with Dex's answer, PartFailed if a part is down.
        """
        if isinstance(person, str):
            person = self.people[person]
        client_id = client_id or self.client_id
        form = {
            "grant_type": "password",
            "client_id": client_id,
            "username": person.email,
            "password": person.password,
            "scope": " ".join(scopes),
        }
        if client_id == self.client_id:
            form["client_secret"] = self.client_secret
        answer = self._post(f"{self.issuer}/token", form)
        token: str = json.loads(answer)["id_token"]
        return token

    def parts(self) -> dict[str, PartState]:
        """The state of every part, by name. Raises NotRunning if the keeper is gone."""
        return _by_name(self._keeper.ask(Inspect()).parts)

    def part(self, name: str) -> PartState:
        """One part: pid (None while it is stopped), log, and why it died if it did."""
        return self.parts()[name]

    def stop(self, name: str) -> None:
        """End a part, as a crash would; its port and data stay for `start`."""
        self._keeper.ask(StopPart(name))

    def start(self, name: str, *flags: str) -> PartState:
        """Start a stopped part, with `flags` after its usual ones; returns when it is ready.

        For instance `start("kube-apiserver", "--authentication-config=…")`.
        Raises SandboxError with the end of the log if it dies or isn't ready in time.
        """
        return _by_name(self._keeper.ask(StartPart(name, flags)).parts)[name]

    @contextmanager
    def api_server_beside(self, name: str, *flags: str) -> Iterator[str]:
        """Another kube-apiserver on the same etcd, with `flags`; its URL, for a `with` block.

        It has the first one's certificates, so the same kubeconfigs and tokens work there; it
        may be stopped and started by `name` meanwhile. Raises SandboxError.
        """
        ports = Ports()
        port = ports.take()
        try:
            self._keeper.ask(AddApiServer(name, port, flags))
            yield f"https://127.0.0.1:{port}"
        finally:
            self.stop(name)
            ports.release()

    def load_image(self, archive: Path) -> None:
        """Put an image into the node, from a Docker archive, under the name it has there.

        Raises PartFailed with what containerd says.
        """
        images.load(folder_of(self.directory), archive)

    def trouble(self) -> list[str]:
        """For each part that died unasked, a message with the end of its log."""
        return [part.trouble for part in self.parts().values() if part.trouble]

    def _post(self, url: str, form: dict[str, str]) -> str:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        body = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(url, body, _LOGIN_SECONDS, context=context) as answer:
                said: str = answer.read().decode()
                return said
        except urllib.error.HTTPError as refusal:
            words = refusal.read().decode(errors="replace")
            raise LoginFailed(f"{url} answered {refusal.code}: {words}") from refusal
        except OSError as trouble:
            down = "\n".join(self.trouble()) or "No part died; was Dex stopped?"
            raise PartFailed(f"{url} could not be reached ({trouble}). {down}") from trouble


@contextmanager
def start(options: Options = _DEFAULTS) -> Iterator[Sandbox]:
    """Run a sandbox for the length of a `with` block; builds its programs if need be.

    Everything is gone afterwards, and also if this process is killed.
    Raises SandboxError with what failed and what to do.
    """
    programs = {name: str(path) for name, path in ensure_programs().items()}
    if options.node:
        programs |= {program.name: str(ensure_program(program)) for program in NODE}
    keeper = Keeper(Order(options, programs, folder=None, detached=False))
    try:
        yield Sandbox(keeper.ready(), keeper)
    finally:
        keeper.end()


def _by_name(parts: list[PartState]) -> dict[str, PartState]:
    return {part.name: part for part in parts}
