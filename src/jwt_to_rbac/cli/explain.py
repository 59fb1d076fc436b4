"""`jwt-to-rbac explain`: a dry run under a configuration, against the live cluster, or asked of a
server. Changes nothing."""

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from jwt_to_rbac.cli.connection import Connection, asking, read_token
from jwt_to_rbac.cli.first_system import is_configured
from jwt_to_rbac.cli.output import Output, cell, show, table, terminal_width, unmatched
from jwt_to_rbac.cli.server_packages import demand, installed
from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.server import Server
from jwt_to_rbac.client.words import folded
from jwt_to_rbac.core.errors import Denial, JwtToRbacError
from jwt_to_rbac.core.identity import Identity, Person

if TYPE_CHECKING:
    from jwt_to_rbac.settings.values import Settings
    from jwt_to_rbac.usecases.explain import Explained


def explain(
    *,
    server: str = "",
    certificate_authority: Path | None = None,
    config: Annotated[Path | None, Parameter(name="--config")] = None,
    token_file: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    group: Annotated[list[str] | None, Parameter(name=["--group", "-g"], negative=())] = None,
    username: str = "",
    email: str = "",
    issuer: str = "",
    subject: str = "",
    connector: str = "",
    output: Output = "table",
) -> int:
    """Tell what a person would be granted, by which rule, and what a login would change.

    Exits with 0 if a login would succeed, with 2 if it would be refused. A running server is
    asked, about you if nothing else is given; where there is a configuration file that is tried,
    unless --server is given.

    Parameters
    ----------
    server
        The URL of a running jwt-to-rbac that is asked; without a configuration file also
        $JWT_TO_RBAC_SERVER, or that of kubectl's current context.
    certificate_authority
        PEM file of who vouches for the server, if the system doesn't know it.
    config
        The configuration file; else config.yaml, config.toml or config.json in the working
        directory or $CONFIG_DIR.
    token_file
        A file with an ID token, `-` for the standard input; without it, the claims given here.
        With both a server takes it as the token of who asks, ID token or Kubernetes token.
    group
        A group of the person; may be given several times.
    username
        The person's name for people to read.
    email
        The person's e-mail address.
    issuer
        The issuer's URL; with `subject`, who it is: their present access is compared.
    subject
        What the issuer calls the person (`sub`).
    connector
        Dex's connector id, such as `github`.
    """
    claims: dict[str, Any] = {
        "issuer": issuer,
        "subject": subject,
        "username": username,
        "email": email,
        "groups": sorted(set(group or [])),
        "connector": connector,
    }
    token = None if token_file is None else read_token(token_file)
    document = (
        _asked(
            Connection(server, certificate_authority=certificate_authority),
            token,
            claims if any(claims.values()) else None,
        )
        if server or not (config or (installed() and is_configured(os.environ)))
        else _tried(config, token, claims)
    )
    show(output, document, _table(document), [document["serviceAccount"]["name"]])
    return 2 if document["refused"] else 0


def _asked(at: Connection, token: str | None, claims: dict[str, object] | None) -> dict[str, Any]:
    """The server's answer: about a token, else about claims by hand, else about oneself."""
    if token is not None:
        server = Server(at.target(), ServerClock())
        if claims:
            return server.change("POST", "explain", token, {"claims": claims})
        return server.change("POST", "explain", "", {"token": token})
    with asking(at) as me:
        body = {"claims": claims} if claims else {"token": me.bearer}
        return me.server.change("POST", "explain", me.bearer, body)


def _tried(config: Path | None, token: str | None, claims: dict[str, Any]) -> dict[str, Any]:
    """The same by this process, under a configuration that may not be in force yet."""
    demand()
    # Imported here: who asks a server has no use for them, and needs no second to begin.
    from jwt_to_rbac.settings.load import load
    from jwt_to_rbac.usecases.explanation import explanation

    person = Person(
        Identity(claims["issuer"], claims["subject"]),
        claims["username"] or "somebody",
        claims["email"],
        tuple(claims["groups"]),
        claims["connector"],
    )
    found = asyncio.run(_explain(load(config, os.environ).settings, token, person))
    if isinstance(found, Denial):
        raise JwtToRbacError(found.code, found.detail)
    plain: dict[str, Any] = json.loads(json.dumps(explanation(found)))
    return plain


async def _explain(settings: "Settings", token: str | None, person: Person) -> "Explained | Denial":
    from jwt_to_rbac.wiring.looking import explaining

    async with explaining(settings) as use_case:
        return await use_case.token(token) if token is not None else use_case.person(person)


def _table(found: dict[str, Any]) -> str:
    """Grants with their rule and what a login would do about each; then what gave nothing."""
    changes = found["changes"]
    given = {(g["clusterRole"], g["scope"]) for g in changes["give"]}
    rows = [
        (
            g["clusterRole"],
            g["scope"],
            g["rule"],
            "give" if (g["clusterRole"], g["scope"]) in given else "-",
        )
        for g in found["grants"]
    ]
    rows += [(g["clusterRole"], g["scope"], "-", "take") for g in changes["take"]]
    width = terminal_width()
    account, refused = found["serviceAccount"], found["refused"]
    state = "has" if account["exists"] else "would get"
    head = ("CLUSTERROLE", "SCOPE", "RULE", "CHANGE")
    said = [f"namespace {name}: does not exist" for name in found["absentNamespaces"]]
    said += [f"rule {failed['rule']}: {failed['reason']}" for failed in found["failedRules"]]
    if refused:
        said.append(f"\nA login would be refused ({refused['code']}): {refused['detail']}")
    lines = [
        folded(
            f"{cell(found['person']['username'] or 'Somebody')} {state} the ServiceAccount {account['name']}\n",
            width,
        ),
        table(head, rows, "No access on this cluster.", width),
        *unmatched(found["unmatchedGroups"], width),
        *(folded(line, width) for line in said),
    ]
    return "\n".join(lines)
