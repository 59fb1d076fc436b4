"""`jwt-to-rbac explain`: a dry run under a configuration, against the live cluster. Changes nothing."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jwt_to_rbac.core.errors import Code, Denial, InvalidInput, JwtToRbacError
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.settings.load import load
from jwt_to_rbac.settings.values import Settings
from jwt_to_rbac.settings.writing import dump
from jwt_to_rbac.usecases.explain import Explained
from jwt_to_rbac.usecases.explanation import explanation
from jwt_to_rbac.wiring import explaining

Output = Annotated[Literal["table", "json", "yaml"], Parameter(name=["--output", "-o"])]


def explain(
    *,
    config: Annotated[Path | None, Parameter(name="--config")] = None,
    token_file: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    group: Annotated[list[str] | None, Parameter(name=["--group", "-g"])] = None,
    username: str = "somebody",
    email: str = "",
    issuer: str = "",
    subject: str = "",
    connector: str = "",
    output: Output = "table",
) -> int:
    """Tell what a person would be granted, by which rule, and what a login would change.

    Exits with 0 if a login would succeed, with 2 if it would be refused.

    Parameters
    ----------
    config
        The configuration file; else config.yaml, config.toml or config.json in the working
        directory or $CONFIG_DIR.
    token_file
        A file with an ID token, `-` for the standard input; without it, the claims given here.
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
    output
        table, json or yaml.
    """
    settings = load(config, os.environ).settings
    person = Person(
        Identity(issuer, subject), username, email, tuple(sorted(set(group or []))), connector
    )
    token = None if token_file is None else _read(token_file)
    found = asyncio.run(_explain(settings, token, person))
    if isinstance(found, Denial):
        raise JwtToRbacError(found.code, found.detail)
    document = explanation(found)
    if output == "table":
        print(_table(found))
    else:
        plain = json.loads(json.dumps(document))
        print(json.dumps(plain, indent=2) if output == "json" else dump(plain).rstrip())
    return 2 if found.refused else 0


async def _explain(settings: Settings, token: str | None, person: Person) -> Explained | Denial:
    async with explaining(settings) as use_case:
        return await use_case.token(token) if token is not None else use_case.person(person)


def _read(file: Path) -> str:
    try:
        return (sys.stdin.read() if str(file) == "-" else file.read_text()).strip()
    except (OSError, UnicodeDecodeError) as e:
        raise InvalidInput(Code.TOKEN_MISSING, f"{file} can't be read: {e}.") from e


def _table(found: Explained) -> str:
    """Grants with their rule and what a login would do about each; then what gave nothing."""
    rows = [("CLUSTERROLE", "SCOPE", "RULE", "CHANGE")]
    given = set(found.changes.bind)
    rows += [
        (
            p.grant.cluster_role,
            p.grant.namespace or "cluster",
            p.rule,
            "give" if p.grant in given else "-",
        )
        for p in found.access.grants
    ]
    rows += [
        (held.grant.cluster_role, held.grant.namespace or "cluster", "-", "take")
        for held in found.changes.revoke
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    state = "has" if found.exists else "would get"
    lines.insert(0, f"{found.person.username} {state} the ServiceAccount {found.account}\n")
    lines += [f"group {group}: no rule names it" for group in found.access.unmatched_groups]
    lines += [f"namespace {name}: does not exist" for name in found.access.absent_namespaces]
    lines += [f"rule {failed}" for failed in found.access.failed_rules]
    if found.refused:
        lines.append(f"\nA login would be refused ({found.refused.code}): {found.refused.detail}")
    return "\n".join(lines)
