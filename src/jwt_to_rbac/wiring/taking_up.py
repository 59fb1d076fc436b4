"""A configuration that changes while the program runs: found, read and put in force."""

import time
from collections.abc import Awaitable, Callable

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.controllers.reloading import Reloading
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.ports import Audit
from jwt_to_rbac.settings.current import Current
from jwt_to_rbac.settings.load import Loaded
from jwt_to_rbac.settings.reload import contents
from jwt_to_rbac.wiring.issuers import trusted
from jwt_to_rbac.wiring.parts import Parts


def reloading(
    parts: Parts, again: Callable[[Loaded], Loaded], follow: Callable[[], None]
) -> Reloading[Loaded]:
    """Looks after the configuration's files when run; `again` reads them anew.

    `follow` has the leader look at all that follows from another one, now.
    """
    current = parts.current
    made = Reloading(
        lambda: contents(current.loaded),
        lambda: again(current.loaded),
        _take_up(current, parts.issuers, parts.audit, parts.log, follow),
        parts.log,
        time.time,
    )
    parts.metrics.reloads(lambda: not made.failing, lambda: made.succeeded_at)
    return made


def _take_up(
    current: Current,
    issuers: TrustedIssuers,
    audit: Audit,
    log: FilteringBoundLogger,
    follow: Callable[[], None],
) -> Callable[[Loaded], Awaitable[None]]:
    """Puts a configuration in force, all of it between two requests; logins under way end as begun."""

    async def take_up(found: Loaded) -> None:
        before = current.loaded
        if (found.sha256, found.settings) == (before.sha256, before.settings):
            return
        anew = trusted(found.settings)
        await audit.record("configuration", sha256=found.sha256)
        issuers.replace(anew)
        current.loaded = found
        for warning in set(found.warnings) - set(before.warnings):
            log.warning("The configuration has a doubtful place", detail=warning)
        log.info("A changed configuration is in force", sha256=found.sha256)
        follow()

    return take_up
