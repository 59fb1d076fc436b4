"""`jwt-to-rbac doctor`: look at an installation, and say for each thing that is wrong how to mend it."""

import asyncio
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jwt_to_rbac.cli.installation import installation_of
from jwt_to_rbac.cli.output import show, terminal_width
from jwt_to_rbac.client.words import folded
from jwt_to_rbac.core.errors import InvalidInput
from jwt_to_rbac.core.finding import Finding, State, bad, good
from jwt_to_rbac.kube.installation import ProgramAccount
from jwt_to_rbac.settings.load import load
from jwt_to_rbac.wiring.administration import diagnose

_COLOURS = {State.OK: "32", State.FAILED: "31", State.UNKNOWN: "33"}
"""Green, red, yellow (ECMA-48), for a terminal alone."""

_STATES = max(map(len, State)) + 3
"""The columns that states and the gap after them take."""


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
    text = _text(found, terminal_width(), _wants_colour())
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


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _text(found: Iterable[Finding], width: int, colour: bool) -> str:
    """State and check in one line, and under it what was seen and what mends it, each in lines of its
    own: a table would need more columns than a terminal has."""
    return "\n".join(line for one in found for line in _lines(one, width, colour))


def _lines(found: Finding, width: int, colour: bool) -> Iterator[str]:
    gap = " " * (_STATES - len(found.state))
    state = f"\x1b[{_COLOURS[found.state]}m{found.state}\x1b[0m" if colour else str(found.state)
    yield state + gap + found.check
    for text in filter(None, (found.detail, found.mending and f"-> {found.mending}")):
        yield folded(" " * _STATES + text, width)
