"""A configuration that changed while the program runs: read again, and taken up whole or not at all.

Issuers (`jwt`), `policy` and the lifetimes of tokens can change while it runs. All else (where it
listens and what it offers there, the log, the audit record's sink, the cluster, the accounts'
namespace) is decided once at the start: a file that changes one of those is refused as a whole,
and so are environment and flags, which a process can't be given anew. When files are looked at
is for whoever calls.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as FilePath

from jwt_to_rbac.settings.document import Mistake, Path, refusal, shown
from jwt_to_rbac.settings.in_force import Value, values
from jwt_to_rbac.settings.load import Loaded, load

WHILE_RUNNING: tuple[Path, ...] = (
    ("jwt",),
    ("policy",),
    ("tokens", "defaultLifetime"),
    ("tokens", "maximumLifetime"),
)
"""The keys of our form whose new values are taken up; any other needs a restart."""

_ABSENT = "absent"
"""In the place of the SHA-256 of a file that can't be read."""


def reload(
    in_force: Loaded,
    environment: Mapping[str, str],
    flags: Sequence[str] = (),
    directory: FilePath = FilePath(),
) -> Loaded:
    """The file of `in_force` as it is now, if all of it can be taken up.

    Raises InvalidInput (configuration_invalid) with every mistake, or every key that needs a
    restart, one a line.
    """
    found = load(in_force.file, environment, flags, directory)
    if lines := list(_needing_a_restart(in_force, found)):
        raise refusal(lines)
    return found


def contents(loaded: Loaded) -> Mapping[FilePath, str]:
    """Each file that a configuration was made from, with the SHA-256 of what is in it now."""
    return {file: _sha256(file) for file in files(loaded)}


def files(loaded: Loaded) -> Sequence[FilePath]:
    """The configuration's file, then those that it names."""
    named = [
        FilePath(value)
        for path, value in values(loaded.configuration)
        if path[-1] == "certificateAuthorityFile" and isinstance(value, str) and value
    ]
    return [*([loaded.file] if loaded.file else []), *dict.fromkeys(named)]


def _needing_a_restart(before: Loaded, after: Loaded) -> Iterable[str]:
    was, is_ = _fixed(before), _fixed(after)
    for path in dict.fromkeys([*was, *is_]):
        if was.get(path) != is_.get(path):
            text = (
                f"is now {shown(is_.get(path))}, but was {shown(was.get(path))} when the program "
                "started: restart it to take this up, or put it back; nothing of the change is in "
                "force until then"
            )
            yield after.reading.told(Mistake(after.reading.origin(path), text))


def _fixed(loaded: Loaded) -> dict[Path, Value]:
    """What can't change while the program runs."""
    return {
        path: value
        for path, value in values(loaded.configuration)
        if not any(path[: len(key)] == key for key in WHILE_RUNNING)
    }


def _sha256(file: FilePath) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return _ABSENT
