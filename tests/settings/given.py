"""Configurations to begin a test with, and how a test reads one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.settings import Loaded, load

EXAMPLES = Path(__file__).parent / "examples"

LEAST = (EXAMPLES / "own_least.yaml").read_text()
"""The least that our own form takes; 5 lines."""

FIRST = """\
tokenhandler:
  oidc: {clientID: example-app, issuerURL: "https://dex/dex"}
"""
"""The least that the first system's form takes; 2 lines."""


def loaded(
    folder: Path,
    text: str,
    environment: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
    name: str = "config.yaml",
) -> Loaded:
    """`text` as the file `name` in `folder`."""
    (folder / name).write_text(text)
    return load(None, environment or {}, flags, folder)


def refusal(
    folder: Path,
    text: str,
    environment: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
    name: str = "config.yaml",
) -> list[str]:
    """The lines of the refusal, the folder's path left out."""
    with pytest.raises(InvalidInput) as caught:
        loaded(folder, text, environment, flags, name)
    assert caught.value.code is Code.CONFIGURATION_INVALID
    return caught.value.detail.replace(f"{folder}/", "").splitlines()
