#!/usr/bin/env python3
"""Writes docs/reference/ from the code: configuration, commands, AccessGrant, errors, audit record, HTTP API.

`make reference`; a test compares. The API's document is what the running program serves: tests put
it beside (docs/reference/openapi.json), and hold the one against the other.
"""

import argparse
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from reference_errors import MEANINGS
from reference_kind import access_grant, cell

from jwt_to_rbac.audit import record
from jwt_to_rbac.cli.completion import make
from jwt_to_rbac.cli.credential import USAGE
from jwt_to_rbac.core.errors import Code, status_of
from jwt_to_rbac.settings.configuration import Configuration

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
MADE = "<!-- Made of the code by `make reference`. -->\n"


def pages() -> dict[str, str]:
    """Each file's name in docs/reference/, and its text."""
    return {
        "configuration.md": MADE + configuration(),
        "commands.md": MADE + commands(),
        "accessgrant.md": MADE + access_grant(),
        "errors.md": MADE + errors(),
        "audit.md": MADE + audit(),
        "api.md": MADE + api(json.loads((FOLDER / "openapi.json").read_text())),
    }


def configuration() -> str:
    """Every key of our own form, by section, as the JSON Schema has it."""
    schema = msgspec.json.schema(Configuration)
    parts: dict[str, Any] = schema["$defs"]
    lines = [
        "# Configuration",
        "Keys of `config.yaml` (also TOML or JSON). `jwt-to-rbac config schema` writes the same as a JSON Schema",
        "for editors, `jwt-to-rbac config show` what is in force and where it comes from, `jwt-to-rbac config check`",
        "every mistake. Any key may also be given as a flag, `--server.address=:5555`. Unknown keys are refused.",
        "",
    ]
    for path, name in _sections(parts, "Configuration", ""):
        part = parts[name]
        lines += [f"## {path or 'The file'}", inspect.cleandoc(part.get("description", "")), ""]
        lines += ["| key | what it takes | default | |", "| --- | --- | --- | --- |"]
        required = part.get("required", [])
        for key, shape in part["properties"].items():
            default = "**required**" if key in required else _default(shape)
            cells = (f"`{key}`", _takes(shape), default, cell(shape.get("description", "")))
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _sections(parts: dict[str, Any], name: str, path: str) -> Iterator[tuple[str, str]]:
    """Each Struct with its path, in the file's own order."""
    yield path, name
    for key, shape in parts[name]["properties"].items():
        for inner, suffix in _inner(shape):
            yield from _sections(parts, inner, f"{path}.{key}{suffix}".lstrip("."))


def _inner(shape: dict[str, Any], suffix: str = "") -> Iterator[tuple[str, str]]:
    if "$ref" in shape:
        yield shape["$ref"].rpartition("/")[2], suffix
    for one in shape.get("anyOf", []):
        yield from _inner(one, suffix)
    if isinstance(shape.get("items"), dict):
        yield from _inner(shape["items"], "[]")


def _takes(shape: dict[str, Any]) -> str:
    if "enum" in shape:
        return ", ".join(f"`{one}`" if one else "empty" for one in shape["enum"])
    if list(_inner(shape)):
        return "a list of sections" if shape.get("type") == "array" else "a section"
    words = {"string": "text", "integer": "a whole number", "boolean": "true or false"}
    match shape.get("type"):
        case "array":
            return f"a list: {_takes(shape['items'])}"
        case "object":
            return "keys with text"
        case kind:
            return words[str(kind)]


def _default(shape: dict[str, Any]) -> str:
    default = shape.get("default")
    empty = default in (None, "", [], {})
    return "" if empty or list(_inner(shape)) else f"`{json.dumps(default)}`"


def commands() -> str:
    """What each command says of itself; kubectl's plugin has no library to tell of itself with."""
    told = str(make().generate_docs(output_format="markdown"))
    return f"{told.rstrip()}\n\n## jwt-to-rbac credential\n\n```text\n{USAGE.strip()}\n```\n"


def errors() -> str:
    """Every stable code with its status and what to do."""
    lines = [
        "# Errors",
        "Whatever is refused is answered with a problem document (RFC 9457): `title`, `status`, `detail` (a sentence for",
        "people, which may change) and `code`, which doesn't: match on that. `requestId` is in the answer, in the log and",
        "in the audit record. The command line prints the same code and sentence.",
        "",
        "| code | status | what it means, and what to do |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `{code}` | {int(status_of(code))} | {cell(MEANINGS[code])} |" for code in Code]
    return "\n".join(lines) + "\n"


def audit() -> str:
    """The record's own documentation."""
    return f"# Audit record\n```text\n{inspect.getdoc(record)}\n```\n"


def api(document: dict[str, Any]) -> str:
    """Each operation of the OpenAPI document, a line each."""
    lines = [
        "# HTTP API",
        "What `GET /openapi.json` says in full, with the shapes of bodies and answers ([openapi.json](openapi.json)).",
        "",
        "| request | what it does | credential | answers |",
        "| --- | --- | --- | --- |",
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not isinstance(operation, dict):
                continue
            credential = "none" if operation.get("security") == [] else _bearer(operation)
            answers = ", ".join(sorted(operation["responses"]))
            summary = cell(operation["summary"])
            lines.append(f"| `{method.upper()} {path}` | {summary} | {credential} | {answers} |")
    return "\n".join(lines) + "\n"


def _bearer(operation: dict[str, Any]) -> str:
    return "bearer, or none" if {} in operation.get("security", [{}]) else "bearer"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="only tell what isn't up to date")
    check, stale = arguments.parse_args().check, []
    for name, text in pages().items():
        file = FOLDER / name
        if not file.exists() or file.read_text() != text:
            stale.append(file)
            if not check:
                file.write_text(text)
    for file in stale:
        print(f"{file} {'is not what the code makes: make reference' if check else 'was renewed'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
