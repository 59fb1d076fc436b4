"""`jwt-to-rbac serve`: read the configuration, serve until told to stop."""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import Parameter
from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.listener import Listener, listen
from jwt_to_rbac.logs import LibraryHandler, Stderr, make_log
from jwt_to_rbac.settings.load import Loaded, load
from jwt_to_rbac.settings.reload import reload
from jwt_to_rbac.wiring.service import service

GC_THRESHOLDS = (20_000, 20, 100)
"""Objects, and passes of the younger generations. Python's own (700, 10, 10) look through the
whole cache of people far more often; a new person's CPU at 16 in flight went from 3.8 to 3.1 ms,
measured once, together with settling one account at a time instead of two."""


def serve(
    *settings: Annotated[str, Parameter(allow_leading_hyphen=True)],
    config: Annotated[Path | None, Parameter(name="--config")] = None,
    controllers: bool = True,
    drain_seconds: float = 0.0,
) -> None:
    """Serve the API until SIGTERM or Ctrl-C.

    Parameters
    ----------
    settings
        Single settings that go over the file's, such as --server.address=127.0.0.1:5555.
    config
        The configuration file; else config.yaml, config.toml or config.json in the working
        directory or $CONFIG_DIR.
    controllers
        Do what happens unattended while this replica leads: repair, expiry, cleaning up.
    drain_seconds
        Go on serving so long after SIGTERM, until nobody sends requests here any more.
    """
    loaded = load(config, os.environ, settings)
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    wanted = loaded.settings.logging
    log = make_log(wanted.level, wanted.format, wanted.color, Stderr())
    logging.basicConfig(handlers=[LibraryHandler(log)], level=logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        again = partial(reload, environment=os.environ, flags=settings)
        if not runner.run(_serve(loaded, again, log, controllers, drain_seconds)):
            raise SystemExit(1)


async def _serve(
    loaded: Loaded,
    again: Callable[[Loaded], Loaded],
    log: FilteringBoundLogger,
    controllers: bool,
    drain_seconds: float,
) -> bool:
    """Until told to stop, or until a part has died; whether all went well."""
    settings = loaded.settings
    async with service(loaded, again, log, controllers) as running:
        # Modules and caches live as long as the process: taken out of the collector's sight,
        # they don't cost it a look at every pass (up to a fifth of our CPU under load). To collect
        # before that would find fifty of 84,000 objects, in a tenth of a second.
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        gc.enable()
        log.info(
            "Serving",
            version=version("jwt-to-rbac"),
            address=f"{settings.listen.host}:{settings.listen.port}",
            issuers=[issuer.url for issuer in settings.issuers],
            cluster=running.server,
            sha256=loaded.sha256 or None,
        )
        own = settings.listen
        listeners = [Listener(running.app, own.host, own.port, settings.certificates)]
        if settings.webhooks:
            there = settings.webhooks.listen
            log.info("Serving webhooks", address=f"{there.host}:{there.port}")
            listeners.append(
                Listener(running.webhooks, there.host, there.port, settings.webhooks.certificates)
            )
        await listen(listeners, log, drain_seconds=drain_seconds, enough=running.died)
        return not running.died.is_set()
