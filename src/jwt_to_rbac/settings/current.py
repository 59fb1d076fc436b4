"""The configuration that holds now: one value, replaced whole. What may replace it is for `reload`."""

from jwt_to_rbac.core.lifetime import TokenLifetimes
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.settings.load import Loaded
from jwt_to_rbac.settings.values import Settings


class Current:
    """Holds the configuration in force. Whoever decides something asks once, and so sees one of them.

    Which of the settings ever change while the program runs: `reload.WHILE_RUNNING`.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    def policy(self) -> Policy:
        return self.settings.policy

    def lifetimes(self) -> TokenLifetimes:
        return self.settings.tokens
