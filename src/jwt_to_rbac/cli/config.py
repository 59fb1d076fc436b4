"""`jwt-to-rbac config`: look at the configuration. What it means is in `jwt_to_rbac.settings`.

Data goes to the standard output, everything that is said about it to the standard error.
"""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter

from jwt_to_rbac.core.errors import InvalidInput
from jwt_to_rbac.settings.configuration import Configuration
from jwt_to_rbac.settings.in_force import InForce, Value, in_force
from jwt_to_rbac.settings.load import Loaded, load
from jwt_to_rbac.settings.own_form import is_own
from jwt_to_rbac.settings.writing import as_yaml
from jwt_to_rbac.yaml_dump import dump

app = App(name="config", help="Check, show and convert the configuration.")

ConfigFile = Annotated[Path | None, Parameter(name=["--config"])]
Flags = Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]
Output = Annotated[Literal["table", "json", "yaml", "name"], Parameter(name=["--output", "-o"])]

_LONGEST_CELL = 60
"""Characters of a value in a table; `-o json` and `-o yaml` give all."""


@app.command
def check(*flags: Flags, config: ConfigFile = None) -> int:
    """Say whether the server would start with this configuration, and every mistake if not.

    Keys may be set as for the server: --server.address=127.0.0.1:5555.

    Parameters
    ----------
    config
        The file; else config.yaml, .toml or .json in the working directory or $CONFIG_DIR.
    """
    loaded = _load(config, flags)
    if loaded is None:
        return 1
    print(f"{loaded.file or 'environment and flags'}: no mistakes")
    return 0


@app.command
def show(*flags: Flags, config: ConfigFile = None, output: Output = "table") -> int:
    """Show every key in our own form, the value in force and where it comes from.

    Parameters
    ----------
    config
        The file; else config.yaml, .toml or .json in the working directory or $CONFIG_DIR.
    output
        table, json, yaml or name (of the keys).
    """
    loaded = _load(config, flags)
    if loaded is None:
        return 1
    rows = list(in_force(loaded))
    if output == "table":
        print(_table(rows), end="")
    elif output == "name":
        print("".join(f"{row.key}\n" for row in rows), end="")
    else:
        data = [_as_data(row) for row in rows]
        print(json.dumps(data, indent=2) if output == "json" else dump(data).rstrip())
    return 0


@app.command
def convert(*flags: Flags, config: ConfigFile = None) -> int:
    """Write the first system's configuration in our own form, as YAML with notes.

    What environment and flags set is written out too: take them away with the old file.

    Parameters
    ----------
    config
        The file; else config.yaml, .toml or .json in the working directory or $CONFIG_DIR.
    """
    loaded = _load(config, flags, warn=False)
    if loaded is None:
        return 1
    if is_own(loaded.reading.document.tree):
        print(f"{loaded.file}: is in our own form already", file=sys.stderr)
        return 1
    print(as_yaml(loaded.configuration, _notes(loaded)), end="")
    return 0


@app.command
def schema() -> int:
    """Write the JSON Schema of our own form, for editors."""
    print(json.dumps(schema_document(), indent=2))
    return 0


def schema_document() -> dict[str, object]:
    """The JSON Schema (2020-12) that the types of our own form make."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "jwt-to-rbac"}
    return head | msgspec.json.schema(Configuration)


def _load(config: Path | None, flags: Iterable[str], *, warn: bool = True) -> Loaded | None:
    try:
        loaded = load(config, os.environ, tuple(flags))
    except InvalidInput as e:
        print(e.detail, file=sys.stderr)
        return None
    for line in loaded.warnings if warn else ():
        print(f"warning: {line}", file=sys.stderr)
    return loaded


def _table(rows: list[InForce]) -> str:
    cells = [("KEY", "VALUE", "FROM")]
    cells += [(row.key, _cell(row.value), str(row.source)) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in (0, 1)]
    return "".join(
        f"{key:{widths[0]}}   {value:{widths[1]}}   {from_}\n" for key, value, from_ in cells
    )


def _cell(value: Value) -> str:
    text = value if isinstance(value, str) and value.isprintable() and value else json.dumps(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"


def _as_data(row: InForce) -> dict[str, object]:
    source: dict[str, str] = {"kind": row.source.kind}
    if row.source.where:
        source["where"] = row.source.where
    return {"key": row.key, "value": row.value, "from": source}


def _notes(loaded: Loaded) -> list[str]:
    """What a person should know who puts the new file in the place of the old one."""
    document = loaded.reading.document
    overridden = sorted(
        {str(s) for s in document.sources.values() if s.kind in ("environment", "flag")}
    )
    origin = loaded.file or "environment and flags"
    notes = [f"Made from {origin}, in the first system's form."]
    if overridden:
        notes.append(f"Written out here, so no longer to be set: {', '.join(overridden)}.")
    notes.append(
        "rbachandler.tokenTTL is both: what a token gets, and the most it may be asked for."
    )
    if loaded.settings.policy.github_org:
        notes.append(
            f"Groups of GitHub stand in rules as GitHub's connector sends them, "
            f"{loaded.settings.policy.github_org}:team."
        )
    return [*notes, "What was said about the old file:", *(f"- {w}" for w in loaded.warnings)]
