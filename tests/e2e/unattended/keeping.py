"""A server that leads, people who logged in once, and what they hold: what every file here looks at. No tests."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import get, kubectl, names
from tests.support.issuer import ManyPeople
from tests.support.waiting import eventually

USERS = "jwt-to-rbac-users"
PODS = [{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}]
POLICY: dict[str, object] = {
    "rules": [
        {"name": "admins", "groups": ["admins"], "clusterRole": "admin"},
        {"name": "developers", "groups": ["developers"], "rules": PODS},
        {"name": "dreamers", "groups": ["dreamers"], "clusterRole": "role-of-dreams"},
        {
            "name": "guests",
            "groups": ["guests"],
            "clusterRole": "view",
            "scope": {"namespaces": ["guest-house"]},
        },
        {
            "name": "bakers",
            "groups": ["bakers"],
            "clusterRole": "edit",
            "scope": {"namespaceSelector": {"matchLabels": {"guild": "bakers"}}},
        },
    ]
}
ADMIN, DEVELOPER = "admin", "developers-from-jwt"
BOTH = {ADMIN, DEVELOPER}


@dataclass(frozen=True)
class Kept:
    """A server that leads, and the cluster that it keeps."""

    sandbox: Sandbox
    client: Client
    issuer: ManyPeople

    def log_in(self, *groups: str) -> str:
        """Somebody new, in these groups; the account's name, once all is settled."""
        name = f"u{secrets.token_hex(5)}"
        answer = self.client.log_in(self.issuer.token(name, groups=list(groups)))
        assert answer.status == 201, answer.text
        account: str = answer.json()["ServiceAccount"]
        assert eventually(lambda: self.status(account))
        return account

    def status(self, account: str) -> Any:
        return get(self.sandbox, "accessgrant", account).get("status", {}).get("conditions")

    def condition(self, account: str, kind: str = "Ready") -> dict[str, Any]:
        """The condition of this type; empty if there is none."""
        told = [one for one in self.status(account) if one["type"] == kind]
        return told[0] if told else {}

    def ready(self, account: str) -> str:
        """The reason of Ready."""
        reason: str = self.condition(account)["reason"]
        return reason

    def roles(self, account: str) -> set[str]:
        """What is bound to the account on the whole cluster, whoever bound it."""
        return {
            one["roleRef"]["name"]
            for one in get(self.sandbox, "clusterrolebindings")["items"]
            if account in [subject["name"] for subject in one.get("subjects", [])]
        }

    def events(self, account: str) -> list[str]:
        """The reasons of the warnings among an AccessGrant's Events."""
        which = f"--field-selector=involvedObject.name={account},type=Warning"
        return [
            one["reason"] for one in get(self.sandbox, "events", "-n", "default", which)["items"]
        ]

    def has_account(self, account: str) -> bool:
        return account in names(self.sandbox, "serviceaccounts", "-n", USERS)

    def change(self, account: str, **spec: object) -> None:
        """As kubectl edit does, or GitOps."""
        patch = json.dumps({"spec": spec})
        kubectl(self.sandbox, "patch", "accessgrant", account, "--type=merge", "-p", patch)

    def admin_kubectl(self, *arguments: str) -> str:
        return kubectl(self.sandbox, *arguments)

    def create(self, body: object) -> None:
        kubectl(self.sandbox, "create", body=body)

    def delete_a_binding(self, account: str) -> None:
        self.admin_kubectl("delete", "clusterrolebinding", f"{account}-admin-binding")
