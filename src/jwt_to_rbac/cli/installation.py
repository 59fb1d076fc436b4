"""From a configuration to the installation that it needs; what that consists of is in `kube`."""

from jwt_to_rbac.core.lifetime import SHORTEST_TOKEN
from jwt_to_rbac.kube.installation import Installation, ProgramAccount
from jwt_to_rbac.settings.values import Settings


def installation_of(settings: Settings, account: ProgramAccount) -> Installation:
    longest = max(SHORTEST_TOKEN, int(settings.tokens.maximum))
    return Installation(
        settings.policy,
        settings.accounts_namespace,
        longest,
        settings.stored_tokens,
        account,
        settings.cluster.server,
        settings.web is not None,
    )
