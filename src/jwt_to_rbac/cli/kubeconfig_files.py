"""Kubeconfig files, read and written as kubectl does it (client-go's clientcmd); comments stay.

Which files: `--kubeconfig` alone, else those of $KUBECONFIG that exist, else ~/.kube/config. The
first to hold an entry wins. An entry is changed where it is; a new one goes to the default file.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.util import load_yaml_guess_indent

from jwt_to_rbac.client.errors import ClientError

_LOCK_SECONDS = 5.0
"""How long another's lock is waited for; kubectl itself holds one for milliseconds."""

_WIDE = 1 << 20
"""Characters of a line that isn't folded: certificates are long."""


class Kubeconfig:
    """One or several files as one. Made by `loaded`; changes become real by `write`."""

    def __init__(self, files: dict[Path, "_File"], default: Path) -> None:
        self._files = files
        self.default = default

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """The entry of `clusters`, `users` or `contexts` with this name."""
        for file in self._files.values():
            for entry in file.entries(kind):
                if entry.get("name") == name:
                    return _of(entry, kind)
        return None

    def names(self, kind: str) -> list[str]:
        """All names of a kind."""
        found = [str(e.get("name")) for f in self._files.values() for e in f.entries(kind)]
        return list(dict.fromkeys(found))

    @property
    def current_context(self) -> str:
        found = (str(f.document.get("current-context") or "") for f in self._files.values())
        return next(filter(None, found), "")

    def put(
        self, kind: str, name: str, values: Mapping[str, object], without: tuple[str, ...] = ()
    ) -> None:
        """Set keys of an entry and take some away; what else it holds stays."""
        entry = self.get(kind, name)
        if entry is None:
            file = self._default_file()
            entry = {}
            file.entries(kind).append({"name": name, kind.removesuffix("s"): entry})
            file.changed = True
        for file in self._files.values():
            file.changed |= any(_of(each, kind) is entry for each in file.entries(kind))
        entry.update(values)
        for key in without:
            entry.pop(key, None)

    def make_current(self, context: str) -> None:
        file = self._default_file()
        file.document["current-context"] = context
        file.changed = True

    def write(self) -> list[Path]:
        """Replace the files that were changed, each in one step and with mode 0600."""
        changed = [path for path, file in self._files.items() if file.changed]
        for path in changed:
            self._files[path].write()
        return changed

    def text(self) -> str:
        """What the default file would hold."""
        return self._default_file().text()

    def _default_file(self) -> "_File":
        return self._files.setdefault(self.default, _File(self.default))


class _File:
    """One file: its document, and how it is indented."""

    def __init__(self, path: Path, text: str = "") -> None:
        self.path = path
        self.changed = False
        self._yaml = YAML()
        self._yaml.preserve_quotes = True
        self._yaml.width = _WIDE
        try:
            document, indent, offset = load_yaml_guess_indent(text, yaml=self._yaml)
        except (YAMLError, ValueError) as e:
            raise ClientError(f"{path} is not YAML: {e}. Mend it, or set KUBECONFIG.") from e
        if indent is not None:
            self._yaml.indent(mapping=2, sequence=indent, offset=offset or 0)
        if document is None:
            document = {"apiVersion": "v1", "kind": "Config"}
        if not isinstance(document, dict) or document.get("kind", "Config") != "Config":
            raise ClientError(f"{path} is not a kubeconfig. Mend it, or set KUBECONFIG.")
        self.document: dict[str, Any] = document

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The list of a kind, made if it is missing."""
        found = self.document.get(kind)
        if not found and found != {}:
            # Also for `[]`, which would go on in brackets.
            found = self.document[kind] = []
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise ClientError(f"{kind} in {self.path} is not a list of entries. Mend it.")
        return found

    def text(self) -> str:
        out = StringIO()
        self._yaml.dump(self.document, out)
        return out.getvalue()

    def write(self) -> None:
        # Where the file is a link the link stays.
        path = self.path.resolve()
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self.text())
                file.flush()
                os.fsync(handle)
            unfinished.replace(path)
        except OSError as e:
            raise ClientError(f"{path} can't be written: {e.strerror}.") from e
        finally:
            unfinished.unlink(missing_ok=True)


def loaded(environment: Mapping[str, str], explicit: Path | None = None) -> Kubeconfig:
    """Read all files. Raises ClientError for one that can't be read."""
    paths, default = _paths(environment, explicit)
    files = {path: _File(path, _read(path)) for path in paths if path.exists()}
    if explicit is not None and explicit not in files:
        raise ClientError(f"{explicit} does not exist.")
    return Kubeconfig(files, default)


@contextmanager
def locked(environment: Mapping[str, str], explicit: Path | None = None) -> Iterator[Kubeconfig]:
    """The same under kubectl's locks (`<file>.lock`, created exclusively), for writing."""
    paths, default = _paths(environment, explicit)
    with ExitStack() as locks:
        for path in sorted({*(p for p in paths if p.exists()), default}):
            locks.enter_context(_lock(path))
        yield loaded(environment, explicit)


def empty() -> Kubeconfig:
    """One that is in no file, to be printed."""
    return Kubeconfig({}, Path("kubeconfig"))


def _paths(environment: Mapping[str, str], explicit: Path | None) -> tuple[list[Path], Path]:
    """All files that may be there, the first to win first; and the default file."""
    if explicit is not None:
        return [explicit], explicit
    listed = list(dict.fromkeys(filter(None, environment.get("KUBECONFIG", "").split(os.pathsep))))
    paths = [Path(each) for each in listed]
    if not paths:
        home = Path(environment.get("HOME") or "~").expanduser()
        return [home / ".kube" / "config"], home / ".kube" / "config"
    # clientcmd's GetDefaultFilename: the first that exists, else the last.
    return paths, next((path for path in paths if path.exists()), paths[-1])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise ClientError(f"{path} can't be read: {e}.") from e


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    lock = path.with_name(f"{path.name}.lock")
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            break
        except FileExistsError:
            if time.monotonic() > end:
                raise ClientError(
                    f"Somebody else writes {path}, as {lock} says. If nobody does, remove that file."
                ) from None
            time.sleep(0.05)
        except OSError as e:
            raise ClientError(f"{lock} can't be made: {e.strerror}.") from e
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _of(entry: dict[str, Any], kind: str) -> dict[str, Any]:
    """What an entry holds beside its name."""
    inner = kind.removesuffix("s")
    found = entry.get(inner)
    if not isinstance(found, dict):
        found = entry[inner] = {}
    return found
