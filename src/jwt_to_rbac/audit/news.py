"""The port `Audit`, which also tells people of what happens to an AccessGrant, once it is recorded."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.errors import Outage
from jwt_to_rbac.core.news import News, of_decision
from jwt_to_rbac.ports import Audit, Request


class ToldAudit:
    """Records by `audit`, then tells by `tell`, which must neither wait nor raise."""

    def __init__(
        self,
        audit: Audit,
        account_named: Callable[[str], Account | None],
        tell: Callable[[Account, News], None],
    ) -> None:
        self._audit = audit
        self._account_named = account_named
        self._tell = tell

    async def record(
        self,
        event: str,
        *,
        request: Request | None = None,
        **facts: str | int | bool | Sequence[str] | None,
    ) -> None:
        await self._audit.record(event, request=request, **facts)
        name = facts.get("account")
        news = of_decision(event, facts) if isinstance(name, str) else None
        if news is None:
            return
        # A picture of the cluster that isn't there must not stop what is recorded by now.
        with suppress(Outage):
            account = self._account_named(str(name))
            if account is not None:
                self._tell(account, news)
