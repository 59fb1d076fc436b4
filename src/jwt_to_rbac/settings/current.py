"""The settings that hold now: one value, replaced whole. What may replace it is decided elsewhere."""

from jwt_to_rbac.core.lifetime import TokenLifetimes
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.settings.values import Settings


class Current:
    """Holds the settings in force. Whoever decides something asks once, and so sees one of them.

    Only `issuers`, `policy` and `tokens` ever change while the program runs.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def policy(self) -> Policy:
        return self.settings.policy

    def lifetimes(self) -> TokenLifetimes:
        return self.settings.tokens
