"""The policies that histories move between, and what each gives: told here once more, for the oracle."""

from collections.abc import Collection, Mapping

GUILD = "guild"
POOL = tuple(f"pool-{n}" for n in range(3))
"""Namespaces that come and go."""

_ADMINS = {"name": "admins", "groups": ["admins"], "clusterRole": "admin"}


def _developers(*resources: str) -> dict[str, object]:
    rules = [{"verbs": ["get", "list"], "apiGroups": [""], "resources": list(resources)}]
    return {"name": "developers", "groups": ["developers"], "rules": rules}


def _bakers(role: str, scope: dict[str, object]) -> dict[str, object]:
    return {"name": "bakers", "groups": ["bakers"], "clusterRole": role, "scope": scope}


def _guild(name: str) -> dict[str, object]:
    return {"namespaceSelector": {"matchLabels": {GUILD: name}}}


POLICIES: tuple[dict[str, object], ...] = (
    {"rules": [_ADMINS, _developers("pods"), _bakers("edit", _guild("bakers"))]},
    {"rules": [_developers("pods", "services"), _bakers("view", _guild("smiths"))]},
    {
        "rules": [
            _ADMINS | {"clusterRole": "edit"},
            {"name": "developers", "groups": ["developers"], "clusterRole": "view"},
            _bakers("edit", {"namespaces": [POOL[0]]}),
        ]
    },
)
_GIVEN: tuple[Mapping[str, str], ...] = (
    {"admins": "admin", "developers": "developers-from-jwt"},
    {"developers": "developers-from-jwt"},
    {"admins": "edit", "developers": "view"},
)
"""On the whole cluster, by group."""


def given(policy: int, groups: Collection[str], guilds: Mapping[str, str]) -> frozenset[str]:
    """What the policy of this number gives somebody in these groups, as `Revision.grant` says it.

    `guilds` are the namespaces that exist, with what is on their label.
    """
    everywhere = {f"{role}@cluster" for group, role in _GIVEN[policy].items() if group in groups}
    if "bakers" not in groups:
        return frozenset(everywhere)
    role, covered = (
        ("edit", [name for name, guild in guilds.items() if guild == "bakers"]),
        ("view", [name for name, guild in guilds.items() if guild == "smiths"]),
        ("edit", [name for name in guilds if name == POOL[0]]),
    )[policy]
    return frozenset(everywhere | {f"{role}@{namespace}" for namespace in covered})


def at_most(policy: int) -> Mapping[str, frozenset[str]]:
    """The most that each group is given, whatever the namespaces are labelled."""
    guilds = ("bakers", "smiths")
    labelled = [dict.fromkeys(POOL, guild) for guild in guilds]
    return {
        group: frozenset().union(*(given(policy, [group], one) for one in labelled))
        for group in ("admins", "developers", "bakers")
    }
