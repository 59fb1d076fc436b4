"""How to run `crowd.py`, the directory that serves where OpenLDAP is missing."""

import sys
from pathlib import Path

import msgspec

from jwt_to_rbac.sandbox.crowd import Start
from jwt_to_rbac.sandbox.part import Recipe
from jwt_to_rbac.sandbox.people import Seed
from jwt_to_rbac.sandbox.probes import Web
from jwt_to_rbac.sandbox.protocol import DirectoryAccess


def built_in_directory_recipe(
    access: DirectoryAccess, seed: Seed, *, folder: Path, web: Web, environment: dict[str, str]
) -> Recipe:
    """Writes the first people to `folder` (mode 0600) and returns how to serve them."""
    folder.mkdir()
    first = folder / "first.json"
    first.touch(mode=0o600)
    first.write_bytes(msgspec.json.encode(Start(access, seed.people, seed.groups)))
    return Recipe(
        name="built-in-directory",
        command=(sys.executable, "-m", "jwt_to_rbac.sandbox.crowd", str(first)),
        environment=environment,
        is_ready=web.answers(f"{access.url}/ready"),
    )
