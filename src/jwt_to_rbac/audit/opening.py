"""From the configured place of records to a sink."""

from pathlib import Path

from jwt_to_rbac.audit.file import File
from jwt_to_rbac.audit.sink import Sink, Stream
from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.ports import Clock

STANDARD_OUTPUT = 1


def open_sink(file: Path | None, clock: Clock, rotate_bytes: int, keep: int) -> Sink:
    """The file's sink, or the standard output's for None. Raises InvalidInput."""
    if file is None:
        return Stream(STANDARD_OUTPUT)
    try:
        return File(file, clock, rotate_bytes, keep)
    except OSError as e:
        raise InvalidInput(
            Code.CONFIGURATION_INVALID,
            f"audit: {file} can't be opened for appending: {e.strerror}.",
        ) from e
