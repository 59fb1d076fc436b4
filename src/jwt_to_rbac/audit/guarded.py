"""The port `Audit` for whoever may decide only while a guard lets them: no record of what won't be done."""

from collections.abc import Callable, Sequence

from jwt_to_rbac.ports import Audit, Request


class GuardedAudit:
    """Records by `audit`. What `guard` raises stops the record, and so the effect."""

    def __init__(self, audit: Audit, guard: Callable[[], None]) -> None:
        self._audit = audit
        self._guard = guard

    async def record(
        self,
        event: str,
        *,
        request: Request | None = None,
        **facts: str | int | bool | Sequence[str] | None,
    ) -> None:
        self._guard()
        await self._audit.record(event, request=request, **facts)
