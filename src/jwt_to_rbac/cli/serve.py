"""`jwt-to-rbac serve`: read the configuration, serve until told to stop."""

import asyncio
import gc
import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from jwt_to_rbac.listener import listen
from jwt_to_rbac.settings.load import load
from jwt_to_rbac.settings.values import Settings
from jwt_to_rbac.wiring import service


def serve(
    *settings: Annotated[str, Parameter(allow_leading_hyphen=True)],
    config: Annotated[Path | None, Parameter(name="--config")] = None,
) -> None:
    """Serve the API until SIGTERM or Ctrl-C.

    Parameters
    ----------
    settings
        Single settings that go over the file's, such as --server.address=127.0.0.1:5555.
    config
        The configuration file; else config.yaml, config.toml or config.json in the working
        directory or $CONFIG_DIR.
    """
    loaded = load(config, os.environ, settings)
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    asyncio.run(_serve(loaded.settings))


async def _serve(settings: Settings) -> None:
    async with service(settings) as running:
        # Modules and caches live as long as the process: taken out of the collector's sight,
        # they don't cost it a look at every pass (up to a fifth of our CPU under load).
        gc.collect()
        gc.freeze()
        await listen(running.app, settings.listen.host, settings.listen.port)
