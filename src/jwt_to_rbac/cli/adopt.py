"""`jwt-to-rbac adopt`: take over from the first system; what becomes of what is in `core.adoption`."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from jwt_to_rbac.cli.output import show, table
from jwt_to_rbac.core.adoption import AdoptedAccount, Adoption, Fate, Found
from jwt_to_rbac.core.plan import Grant
from jwt_to_rbac.settings.load import load
from jwt_to_rbac.settings.values import Settings
from jwt_to_rbac.wiring.administration import adopting


def adopt(
    *settings: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)],
    config: Annotated[Path | None, Parameter(name=["--config"])] = None,
    from_namespace: str = "default",
    remove: Annotated[bool, Parameter(negative=())] = False,
    yes: Annotated[bool, Parameter(negative=())] = False,
    output: Annotated[
        Literal["table", "json", "yaml", "name"], Parameter(name=["--output", "-o"])
    ] = "table",
) -> None:
    """Show what the first system left on the cluster and what becomes of it; with --yes, do it.

    Stop the first system before. Its accounts don't say whose they are, so nobody inherits one:
    an old account goes, with its bindings and tokens, once its person has logged in here, where
    they hold what the policy gives them. Until then it keeps what the policy gives somebody;
    what the policy gives nobody goes at once, and so do tokens whose time is over, and bindings
    without an account. Run it again until nothing waits, or end it with --remove.

    Works with an administrator's kubeconfig; where the configuration names the program's own:
    --kubernetes.kubeconfig=FILE.

    Parameters
    ----------
    config
        The file; else config.yaml, .toml or .json in the working directory or $CONFIG_DIR.
    from_namespace
        Where the first system's ServiceAccounts are.
    remove
        Let no account wait for a login: people log in again, and what can't log in (a script with
        an old token) loses its access.
    yes
        Do it. Without this nothing is changed.
    output
        table, json, yaml or name (of the accounts).
    """
    asyncio.run(
        _adopt(load(config, os.environ, settings).settings, from_namespace, remove, yes, output)
    )


async def _adopt(
    settings: Settings, namespace: str, everybody: bool, yes: bool, output: str
) -> None:
    async with adopting(settings, namespace) as use_case:
        plan = await use_case.plan(everybody)
        show(output, _document(plan), _text(plan, yes), [one.name for one in plan.accounts])
        if yes:
            # Beside the output: a program that reads that gets a document.
            await use_case.carry_out(
                plan, lambda what, one: print(f"{one} {what}", file=sys.stderr)
            )


def _document(plan: Adoption) -> dict[str, Any]:
    return {
        "accounts": [
            {
                "name": one.name,
                "action": str(one.fate),
                "reason": one.reason,
                "people": list(one.people),
                "keeps": [_grant(grant) for grant in one.keeps],
                "loses": [_grant(grant) for grant in one.loses],
                "tokens": one.tokens,
                "tokenWithoutEnd": one.never_ends,
            }
            for one in plan.accounts
        ],
        "remove": [_object(one) for one in plan.remove],
        "takeOver": [_object(one) for one in plan.roles],
        "left": list(plan.left),
    }


def _text(plan: Adoption, doing: bool) -> str:
    if not (plan.accounts or plan.remove or plan.roles or plan.left):
        return "Nothing of the first system's is here."
    head = ("ACCOUNT", "ACTION", "KEEPS", "LOSES", "TOKENS", "REASON")
    rows = [
        (a.name, a.fate, _said(a.keeps), _said(a.loses), _tokens(a), a.reason)
        for a in plan.accounts
    ]
    lines = [table(head, rows, "None of its accounts is here."), ""]
    lines += [f"remove     {one}" for one in plan.remove]
    lines += [f"take over  {one}, with the policy's rules" for one in plan.roles]
    lines += [f"left       {what}" for what in plan.left]
    waiting = sum(one.fate is Fate.WAIT for one in plan.accounts)
    if waiting:
        lines.append(
            f"\n{waiting} wait for their person's login. Run this again, or with --remove."
        )
    if not doing:
        lines.append("\nNothing was changed. With --yes this is done.")
    return "\n".join(lines)


def _tokens(account: AdoptedAccount) -> str:
    return f"{account.tokens} without an end" if account.never_ends else str(account.tokens)


def _said(grants: tuple[Grant, ...]) -> str:
    return ", ".join(f"{one.cluster_role} in {one.namespace or 'cluster'}" for one in grants)


def _grant(grant: Grant) -> dict[str, str]:
    return {"clusterRole": grant.cluster_role, "scope": grant.namespace or "cluster"}


def _object(one: Found) -> dict[str, str]:
    return {"kind": str(one.kind), "namespace": one.namespace, "name": one.name}
