"""Dex, the issuer: its configuration, command line and readiness. It keeps all in memory."""

from pathlib import Path
from typing import Any

import yaml

from jwt_to_rbac.certificate_authority import Pair
from jwt_to_rbac.sandbox.part import Recipe
from jwt_to_rbac.sandbox.people import GROUPS_BASE, PEOPLE_BASE
from jwt_to_rbac.sandbox.probes import Web
from jwt_to_rbac.sandbox.protocol import DirectoryAccess, Facts

# The connector's id is `ldap` whichever directory serves, so that the claims are the same.
_CONNECTOR = "ldap"


def dex_recipe(
    program: str,
    *,
    facts: Facts,
    id_token_lifetime: str,
    tls: Pair | None,
    configuration: Path,
    web: Web,
    environment: dict[str, str],
) -> Recipe:
    """Writes `configuration` (mode 0600) and returns how to run Dex with it."""
    configuration.touch(mode=0o600)
    document = _document(facts, id_token_lifetime, tls)
    configuration.write_text(yaml.safe_dump(document, sort_keys=False))
    return Recipe(
        name="dex",
        command=(program, "serve", str(configuration)),
        environment=environment,
        is_ready=web.answers(f"{facts.issuer}/.well-known/openid-configuration"),
    )


def _document(facts: Facts, id_token_lifetime: str, tls: Pair | None) -> dict[str, Any]:
    listen = facts.issuer.split("/")[2]
    served: dict[str, str] = {"http": listen}
    if tls is not None:
        served = {"https": listen, "tlsCert": str(tls.certificate), "tlsKey": str(tls.key)}
    return {
        "issuer": facts.issuer,
        "storage": {"type": "memory"},
        "web": served,
        "expiry": {"idTokens": id_token_lifetime},
        "oauth2": {"skipApprovalScreen": True, "passwordConnector": _CONNECTOR},
        "staticClients": [
            {
                "id": facts.client_id,
                "name": "Example",
                "secret": facts.client_secret,
                "redirectURIs": ["http://127.0.0.1:5555/callback"],
            },
            # No redirect addresses: a public client may then use any port of localhost.
            {"id": facts.public_client_id, "name": "CLI", "public": True},
        ],
        "connectors": [_connector(facts.directory_access)],
    }


def _connector(directory: DirectoryAccess) -> dict[str, Any]:
    if directory.kind == "built-in":
        return {
            "type": "atlassian-crowd",
            "id": _CONNECTOR,
            "name": "Built-in directory",
            "config": {
                "baseURL": directory.url,
                "clientID": directory.admin,
                "clientSecret": directory.password,
                "preferredUsernameField": "name",
                "usernamePrompt": "Email",
            },
        }
    return {
        "type": "ldap",
        "id": _CONNECTOR,
        "name": "OpenLDAP",
        "config": {
            "host": directory.url.removeprefix("ldap://"),
            "insecureNoSSL": True,
            "bindDN": directory.admin,
            "bindPW": directory.password,
            "usernamePrompt": "Email",
            "userSearch": {
                "baseDN": PEOPLE_BASE,
                "filter": "(objectClass=person)",
                "username": "mail",
                "idAttr": "DN",
                "emailAttr": "mail",
                "nameAttr": "cn",
                "preferredUsernameAttr": "cn",
            },
            "groupSearch": {
                "baseDN": GROUPS_BASE,
                "filter": "(objectClass=groupOfNames)",
                "userMatchers": [{"userAttr": "DN", "groupAttr": "member"}],
                "nameAttr": "cn",
            },
        },
    }
