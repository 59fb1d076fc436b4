"""The table of people and requests: as the policy has it, and as a real API server answers it."""

from jwt_to_rbac.core.authorization import allowing
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.plan import plan
from jwt_to_rbac.core.policy import PolicyRule
from jwt_to_rbac.core.selector import NamespaceLabels
from jwt_to_rbac.settings import load
from tests.support.cluster import get
from tests.webhooks.api_server import ApiServer
from tests.webhooks.conftest import ISSUER, Hooked
from tests.webhooks.people import PEOPLE, Asked, everything

Table = dict[tuple[str, str], bool]

CELLS: list[tuple[str, Asked]] = [(person, asked) for person in PEOPLE for asked in everything()]


def policys_word(hooked: Hooked) -> Table:
    """The table as the policy has it, from the cluster's ClusterRoles and namespaces."""
    policy = load(hooked.config, {}).settings.policy
    labels = {
        one["metadata"]["name"]: one["metadata"]["labels"]
        for one in get(hooked.sandbox, "namespaces")["items"]
    }
    roles = {
        one["metadata"]["name"]: one["rules"] or []
        for one in get(hooked.sandbox, "clusterroles")["items"]
    }

    def rules_of(name: str) -> list[PolicyRule]:
        own = policy.own_roles().get(name)
        if own is not None:
            return list(own)
        return [
            PolicyRule(
                tuple(rule["verbs"]),
                tuple(rule.get("apiGroups", ())),
                tuple(rule.get("resources", ())),
                tuple(rule.get("resourceNames", ())),
                tuple(rule.get("nonResourceURLs", ())),
            )
            for rule in roles[name]
        ]

    table: Table = {}
    for person, asked in CELLS:
        who = Person(
            Identity(hooked.issuers.url(ISSUER), f"sub-{person}"),
            f"{person}@example.com",
            f"{person}@example.com",
            tuple(sorted(PEOPLE[person])),
        )
        grants = plan(who, policy, NamespaceLabels(labels)).grants
        table[person, str(asked)] = allowing(grants, rules_of, asked.request) is not None
    return table


def answered(server: ApiServer, tokens: dict[str, str]) -> Table:
    """The table as real requests find it."""
    return {
        (person, str(asked)): server.allows(tokens[person], asked.method, asked.path)
        for person, asked in CELLS
        if person in tokens
    }
