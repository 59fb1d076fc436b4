"""The first system's command line, which has no subcommands: its flags, or a configuration alone, serve."""

from collections.abc import Mapping, Sequence
from pathlib import Path

OURS = frozenset({"--help", "-h", "--version"})
"""Flags of the command itself; with them nothing is served."""

NOTHING_TO_SERVE = (
    "There is no config.yaml, .toml or .json in the working directory or in $CONFIG_DIR, and no "
    "JWTTORBAC_ variable is set, so there is nothing to serve. Write one, or name it: "
    "jwt-to-rbac serve --config FILE. `jwt-to-rbac config schema` tells what it may hold."
)
"""Said below the help; the exit status is then not 0: a pod that lost its configuration isn't well."""


def with_subcommand(arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The arguments with `serve` before them where the first system would have served.

    Raises InvalidInput if two configuration files are in one place.
    """
    if not arguments:
        return ["serve"] if is_configured(environment) else []
    serves = arguments[0].startswith("--") and arguments[0] not in OURS
    return ["serve", *arguments] if serves else list(arguments)


def is_configured(environment: Mapping[str, str]) -> bool:
    """Whether there is a configuration though none is named."""
    # Not at the top: kubectl's plugin is started for each of its calls and reads no settings.
    from jwt_to_rbac.settings.files import find
    from jwt_to_rbac.settings.overlay import from_environment

    file = find(Path(), environment.get("CONFIG_DIR", ""))
    return file is not None or any(from_environment(environment))
