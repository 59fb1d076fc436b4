"""What schemathesis can't make up: real people with real tokens, put in the place of generated words.

Loaded by its process (SCHEMATHESIS_HOOKS). Which person is decided by the generated word, so that a
run can be repeated, and spread over many, since some of the requests revoke whom they are about.
"""

import os
from pathlib import Path
from typing import Any
from zlib import crc32

import schemathesis
from schemathesis import AuthContext, Case, HookContext

from tests.e2e.openapi_people import Asked, read

PEOPLE: list[Asked] = read(Path(os.environ["PEOPLE"]))
BY_ACCOUNT = {one.account: one for one in PEOPLE}

ADMINISTRATOR = os.environ["ADMINISTRATOR"]
"""A Kubernetes token that asks instead of the people, or nothing."""


REVOKING = {"DELETE /api/v1/people/{name}", "DELETE /rbac/{name}"}
"""About every other person only, so that somebody is left for all other requests."""


def _chosen(word: str, among: list[Asked] = PEOPLE) -> Asked:
    return among[crc32(word.encode("utf-8", "surrogatepass")) % len(among)]


def _left_alone(word: str) -> bool:
    """Every fourth word stays as it was made up."""
    return crc32(word.encode("utf-8", "surrogatepass")[::-1]) % 4 == 0


@schemathesis.hook
def map_body(context: HookContext, body: Any) -> Any:
    if isinstance(body, dict):
        word = str(body)
        if isinstance(body.get("token"), str) and not _left_alone(word):
            body["token"] = _chosen(word).token
        if isinstance(body.get("session"), str) and not _left_alone(word):
            # Mostly a new one: a renewal is refused to whoever doesn't hold the session.
            body["session"] = ""
    return body


@schemathesis.hook
def map_path_parameters(context: HookContext, values: Any) -> Any:
    if isinstance(values, dict) and "name" in values and not _left_alone(str(values)):
        revoking = context.operation is not None and context.operation.label in REVOKING
        one = _chosen(str(values), PEOPLE[::2] if revoking else PEOPLE)
        values["name"] = one.account
        if "session" in values:
            values["session"] = one.session
    return values


@schemathesis.auth(refresh_interval=None)
class Asking:
    """Who asks: whose path it is, else anybody of them."""

    def get(self, case: Case[Any], context: AuthContext) -> str:
        name = str((case.path_parameters or {}).get("name", case.id))
        return ADMINISTRATOR or BY_ACCOUNT.get(name, _chosen(name)).token

    def set(self, case: Case[Any], data: str, context: AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {data}"
