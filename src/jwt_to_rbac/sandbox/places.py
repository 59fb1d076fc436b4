"""Where the sandbox keeps things outside the repository: programs, wheels, running sandboxes.

Only folder names are decided here; what goes into them is the business of their users.
"""

import os
from pathlib import Path


def cache_home() -> Path:
    """The project's own cache folder, made with mode 0700 if missing.

    `scripts/prepare.py` computes the same path without importing this package.
    """
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = Path(base).expanduser() / "jwt-to-rbac"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return home


def sandboxes_home() -> Path:
    """The folder that holds one folder for each running sandbox."""
    home = cache_home() / "sandboxes"
    home.mkdir(exist_ok=True, mode=0o700)
    return home


def failures_home() -> Path:
    """The folder that keeps the last log of each part that failed; one file a part, so bounded."""
    home = cache_home() / "failures"
    home.mkdir(exist_ok=True, mode=0o700)
    return home
