"""As much of a cluster as a leader's term asks of one where every account is as it should be. No settling."""


class RightCluster:
    """Holds the accounts of these names, and nothing that was left over."""

    def __init__(self, *names: str) -> None:
        self._names = list(names)

    def account_named(self, name: str) -> object:
        return object()

    def account_names(self) -> list[str]:
        return self._names

    def leftover_names(self) -> list[str]:
        return []

    def has_leftovers(self, name: str) -> bool:
        return False

    async def forget_revocations(self, before: float) -> None:
        pass
