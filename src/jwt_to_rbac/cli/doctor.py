"""`jwt-to-rbac doctor`: look at an installation, and say for each thing that is wrong how to mend it."""

import asyncio
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jwt_to_rbac.cli.installation import installation_of
from jwt_to_rbac.cli.output import show, table
from jwt_to_rbac.core.errors import InvalidInput
from jwt_to_rbac.core.finding import Finding, State, bad, good
from jwt_to_rbac.kube.installation import ProgramAccount
from jwt_to_rbac.settings.load import load
from jwt_to_rbac.wiring.administration import diagnose

_COLOURS = {State.OK: "32", State.FAILED: "31", State.UNKNOWN: "33"}
"""Green, red, yellow (ECMA-48), for a terminal alone."""


def doctor(
    *settings: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)],
    config: Annotated[Path | None, Parameter(name=["--config"])] = None,
    namespace: str = ProgramAccount().namespace,
    service_account: str = ProgramAccount().name,
    output: Annotated[Literal["table", "json", "yaml"], Parameter(name=["--output", "-o"])] = (
        "table"
    ),
) -> int:
    """Look at configuration, issuers, clocks, rights and what must be on the cluster.

    Each is well, or comes with what to do. Exits with 1 if something is wrong; what this
    credential may not look at is `unknown`, and isn't wrong. Changes nothing.

    If the configuration names a kubeconfig, or in a pod, that credential is taken for the
    program's own; else you are an administrator, and the rights of its ServiceAccount are asked.

    Parameters
    ----------
    config
        The file; else config.yaml, .toml or .json in the working directory or $CONFIG_DIR.
    namespace
        Where the program runs.
    service_account
        As which ServiceAccount it runs there.
    output
        table, json or yaml.
    """
    found = _look(config, settings, ProgramAccount(namespace, service_account))
    document = [
        {"check": f.check, "state": str(f.state), "detail": f.detail}
        | ({"mending": f.mending} if f.mending else {})
        for f in found
    ]
    failed = any(f.state is State.FAILED for f in found)
    text = _text(found, colour=output == "table" and sys.stdout.isatty())
    show(output, {"ok": not failed, "checks": document}, text, ())
    return 1 if failed else 0


def _look(config: Path | None, flags: tuple[str, ...], account: ProgramAccount) -> list[Finding]:
    try:
        loaded = load(config, os.environ, flags)
    except InvalidInput as e:
        mending = "Mend these; `jwt-to-rbac config schema` says what may stand there."
        return [bad("configuration", e.detail, mending)]
    where = str(loaded.file or "environment and flags")
    said = "; ".join([f"{where} has no mistakes", *loaded.warnings])
    configured = good("configuration", said)
    of = installation_of(loaded.settings, account)
    return [configured, *asyncio.run(diagnose(loaded.settings, of, time.time))]


def _text(found: Iterable[Finding], colour: bool) -> str:
    rows = [(f.check, f.state, f.detail) for f in found]
    lines = table(("CHECK", "STATE", "DETAIL"), rows).splitlines()
    if colour:
        lines[1:] = [
            line.replace(f"   {f.state}", f"   \x1b[{_COLOURS[f.state]}m{f.state}\x1b[0m", 1)
            for line, f in zip(lines[1:], found, strict=True)
        ]
    lines += [f"\n{f.check}: {f.mending}" for f in found if f.mending]
    return "\n".join(lines)
