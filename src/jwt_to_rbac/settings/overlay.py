"""Environment variables and flags that stand over a file's keys; the keys are the form's own.

`server.address` is JWTTORBAC_SERVER_ADDRESS and --server.address; in the first system's form
`rbachandler.tokenTTL` is JWTTORBAC_RBACHANDLER_TOKENTTL and --rbachandler.tokenTTL. Keys in
lists have neither, as in the first system.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from jwt_to_rbac.settings.document import Document, Mistake, Path, Source, dotted
from jwt_to_rbac.settings.shape import did_you_mean, from_text, scalar_paths

PREFIX = "JWTTORBAC_"

_SERVICE_LINK = re.compile(r"JWTTORBAC_(SERVICE_(HOST|PORT)|PORT)(_\w+)?")
"""What Kubernetes sets in every pod beside a Service named `jwttorbac`: nothing of ours."""


@dataclass(frozen=True, slots=True)
class Override:
    """One variable or flag, not yet held against a form. `value` None: a flag with none."""

    source: Source
    name: str
    value: str | None


def from_environment(environment: Mapping[str, str]) -> Iterator[Override]:
    """All JWTTORBAC_ variables, in order of their names; an empty one counts, as in viper."""
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and not _SERVICE_LINK.fullmatch(name):
            yield Override(Source("environment", name), name, value)


def from_flags(arguments: Sequence[str]) -> Iterator[Override]:
    """Flags as pflag takes them: `--key=value`, `--key value`, and a boolean's bare `--key`."""
    rest = list(arguments)
    while rest:
        flag = rest.pop(0)
        name, equals, value = flag.partition("=")
        if equals:
            yield Override(Source("flag", name), name, value)
        elif flag.startswith("--") and rest and not rest[0].startswith("--"):
            yield Override(Source("flag", name), name, rest.pop(0))
        else:
            yield Override(Source("flag", name), name, None)


def variable_of(path: Path) -> str:
    """The environment variable that sets a key."""
    return PREFIX + "_".join(map(str, path)).upper()


def overlaid(
    document: Document, overrides: Iterable[Override], form: type[msgspec.Struct]
) -> tuple[Document, list[Mistake]]:
    """The document with the overrides put over it, the last one winning; and what was no key.

    Where the file has a list or text in the place of keys it is left alone: that is reported
    when the form is held against it.
    """
    keys = scalar_paths(form)
    flags = {f"--{dotted(path)}".lower(): path for path in keys}
    variables = {variable_of(path): path for path in keys}
    if not isinstance(document.tree, dict):
        return document, []
    tree = document.tree
    sources = dict(document.sources)
    mistakes: list[Mistake] = []
    for override in overrides:
        if override.source.kind == "flag":
            path, known = flags.get(override.name.lower()), [f"--{dotted(path)}" for path in keys]
        else:
            path, known = variables.get(override.name), list(variables)
        if path is None:
            hint = did_you_mean(override.name, known) or f"; known: {', '.join(known)}"
            mistakes.append(_about(override, f"sets no key of this configuration's form{hint}"))
            continue
        value = _value(override, keys[path])
        if value is None:
            mistakes.append(_about(override, f"needs a value: {override.name}=..."))
            continue
        tree = _with(tree, path, value)
        sources[path] = override.source
    return replace(document, tree=tree, sources=sources), mistakes


def _about(override: Override, text: str) -> Mistake:
    return Mistake((), text, override.source)


def _value(override: Override, kind: msgspec.inspect.Type) -> object:
    if override.value is not None:
        return from_text(override.value, kind)
    return True if from_text("true", kind) is True else None


def _with(tree: dict[str, object], path: Path, value: object) -> dict[str, object]:
    key = str(path[0])
    if len(path) == 1:
        return {**tree, key: value}
    inner = tree.get(key)
    if inner is None:
        inner = {}
    return {**tree, key: _with(inner, path[1:], value)} if isinstance(inner, dict) else tree
