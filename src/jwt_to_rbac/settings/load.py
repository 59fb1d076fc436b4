"""From file, environment and flags to Settings, all or nothing; may be called again for a reload.

Flags go over environment, environment over file, file over defaults. Which form a file has:
`apiVersion` is there, then ours; else the first system's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from jwt_to_rbac.settings import first_system, own_form
from jwt_to_rbac.settings.configuration import Configuration
from jwt_to_rbac.settings.document import Document, Mistake, Path, refusal
from jwt_to_rbac.settings.files import find, read_document
from jwt_to_rbac.settings.meaning import settings
from jwt_to_rbac.settings.overlay import from_environment, from_flags
from jwt_to_rbac.settings.reading import Reading
from jwt_to_rbac.settings.values import Settings


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, and what there is to say about them.

    `warnings` are lines for a person. `reading.source_of(path)` tells where a value of
    `configuration` comes from. `file` is None if there was none.
    """

    settings: Settings
    configuration: Configuration
    reading: Reading
    warnings: tuple[str, ...]
    file: FilePath | None

    @property
    def sha256(self) -> str:
        """Of the file's bytes, as `sha256sum` prints it; empty if there was none."""
        return self.reading.document.sha256


def load(
    config: FilePath | None,
    environment: Mapping[str, str],
    flags: Sequence[str] = (),
    directory: FilePath = FilePath(),
) -> Loaded:
    """The settings of `config`, or of config.yaml, .yml, .toml or .json in `directory` or $CONFIG_DIR.

    `flags` are arguments such as `--server.address=:80`. Raises InvalidInput
    (configuration_invalid) with every mistake, one a line.
    """
    file = config or find(directory, environment.get("CONFIG_DIR", ""))
    document = read_document(file) if file else Document("no configuration file", {})
    overrides = [*from_environment(environment), *from_flags(flags)]
    if own_form.is_own(document.tree):
        reading = own_form.read(document, overrides)
    else:
        reading = first_system.read(document, overrides, directory.absolute())
    return _settled(reading, file)


def _settled(reading: Reading, file: FilePath | None) -> Loaded:
    mistakes, warnings = list(reading.mistakes), list(reading.warnings)

    def wrong(path: Path, text: str) -> None:
        # One key of the first system's may be several of ours, each wrong for the same reason.
        if (there := reading.origin(path)) not in {mistake.path for mistake in mistakes}:
            mistakes.append(Mistake(there, text))

    def warn(path: Path, text: str) -> None:
        warnings.append(Mistake(reading.origin(path), text))

    form = reading.configuration
    found = settings(form, wrong, warn) if form else None
    if form is None or found is None or mistakes:
        raise refusal(reading.told(mistake) for mistake in mistakes)
    return Loaded(found, form, reading, tuple(map(reading.told, warnings)), file)
