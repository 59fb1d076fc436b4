"""The server does what its OpenAPI document says: schemathesis asks it, with real tokens.

It makes requests from the document, good ones and bad ones, and holds every answer against it:
status, headers, media type, body, who must authenticate, and no error of the server's own.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.core.errors import Code
from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.e2e.openapi_people import Asked, write
from tests.support.cluster import clear, kubectl
from tests.support.issuer import ManyPeople

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXAMPLES = 15
"""Generated requests an operation, beside those that cover its schema systematically."""
SEEDS = (1, 2, 3, 4, 5, 6)
"""Names of accounts and sessions differ from run to run, so that a rare operation may once be asked
of nobody but people who don't exist: then the next seed gets its turn."""
PEOPLE = 60
"""A run: some of its requests revoke people, and enough must be left for what comes after."""
NOT_TOLD = {
    # Of any path: told in the document's description.
    Code.METHOD_NOT_ALLOWED,
    # Not of requests: of the start, and of controllers.
    Code.CONFIGURATION_INVALID,
    Code.NOT_LEADING,
    # Of pages for browsers.
    Code.LOGIN_INCOMPLETE,
    Code.LOGIN_REFUSED,
    Code.FORM_REFUSED,
}


@pytest.fixture(scope="module")
def administrator(sandbox: Sandbox) -> Iterator[str]:
    """A Kubernetes token for us, of somebody who may do everything with AccessGrants."""
    name = "asks-everything"
    kubectl(sandbox, "create", "serviceaccount", name, "-n", "default")
    rules = ["--verb=*", "--resource=accessgrants.jwt-to-rbac.io,accessgrants.jwt-to-rbac.io/*"]
    kubectl(sandbox, "create", "clusterrole", name, *rules)
    whom = ["--clusterrole", name, f"--serviceaccount=default:{name}"]
    kubectl(sandbox, "create", "clusterrolebinding", name, *whom)
    yield kubectl(sandbox, "create", "token", name, "--audience=jwt-to-rbac").strip()
    for kind in ("clusterrolebinding", "clusterrole"):
        kubectl(sandbox, "delete", kind, name)
    kubectl(sandbox, "delete", "serviceaccount", name, "-n", "default")


@pytest.fixture
def people(sandbox: Sandbox, client: Client, issuer: ManyPeople, tmp_path: Path) -> Iterator[Path]:
    """A file of accounts with ID tokens: dora's is Dex's, the others' are made; all gone afterwards."""
    sandbox.add_person("dora", groups=("developers",))
    yield log_in(client, tmp_path, [sandbox.id_token("dora"), *tokens(issuer, "asked")])
    sandbox.directory_server.remove_person("dora")
    clear(sandbox)


def tokens(issuer: ManyPeople, word: str) -> list[str]:
    return [issuer.token(f"{word}-{n}", iat=issuer.now()) for n in range(PEOPLE)]


def log_in(client: Client, folder: Path, tokens: list[str]) -> Path:
    begun = [client.call("POST", "/api/v1/sessions", {}, t).json() for t in tokens]
    file = folder / "people.json"
    write([Asked(b["account"], t, b["name"]) for b, t in zip(begun, tokens, strict=True)], file)
    return file


def ask(client: Client, people: Path, seed: int, administrator: str = "") -> None:
    """Run schemathesis; it must find nothing. The seed is given, so a finding can be had again."""
    program = Path(sys.executable).parent / "schemathesis"
    settings = ["--config-file", str(HERE / "schemathesis.toml")]
    limits = [f"--max-examples={EXAMPLES}", f"--seed={seed}", "--generation-database=none"]
    variables = {
        "SCHEMATHESIS_HOOKS": "tests.e2e.openapi_hooks",
        "PYTHONPATH": str(ROOT),
        "PEOPLE": str(people),
        "ADMINISTRATOR": administrator,
        "COLUMNS": "120",
    }
    done = subprocess.run(
        [
            str(program),
            *settings,
            "run",
            f"{client.server.url}/openapi.json",
            "--no-color",
            *limits,
        ],
        capture_output=True,
        text=True,
        cwd=people.parent,
        env=os.environ | variables,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def succeeded(client: Client) -> set[str]:
    """The operations that were answered with success so far, as the server's metrics tell."""
    text = client.call("GET", "/metrics").text
    line = r'http_request_duration_seconds_count\{method="(\w+)",path="([^"]+)",status="2\d\d"\}'
    return {f"{method} {path}" for method, path in re.findall(line, text)}


def test_every_answer_is_as_the_document_says(
    client: Client, people: Path, issuer: ManyPeople, administrator: str
) -> None:
    """Whether people ask for themselves, or an administrator for them."""
    paths = client.call("GET", "/openapi.json").json()["paths"]
    ask(client, people, SEEDS[0])
    operations = {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method in methods
        if method != "parameters"
    }
    for seed in SEEDS:
        everybody = tokens(issuer, f"asked-for-{seed}")
        ask(client, log_in(client, people.parent, everybody), seed, administrator)
        if operations <= succeeded(client):
            return
    missing = operations - succeeded(client)
    raise AssertionError(f"nothing was learnt about what never succeeds: {sorted(missing)}")


def test_every_error_code_is_told_where_it_may_be_met(client: Client) -> None:
    paths = client.call("GET", "/openapi.json").json()["paths"]
    responses = json.dumps(
        [
            operation["responses"]
            for methods in paths.values()
            for method, operation in methods.items()
            if method != "parameters"
        ]
    )
    assert {code for code in Code if f'"{code}"' not in responses} == NOT_TOLD
