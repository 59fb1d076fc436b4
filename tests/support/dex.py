"""ID tokens from the sandbox's Dex by when they were issued: their order is what counts."""

import base64
import json
import time

from jwt_to_rbac.sandbox import Sandbox
from tests.support.waiting import eventually


def later_id_token(sandbox: Sandbox, person: str, than: int | None = None) -> str:
    """A token that was issued in a later second than this one, or than the present.

    A revocation refuses the tokens of its whole second.
    """
    second = int(time.time()) if than is None else than

    def try_one() -> str:
        token = sandbox.id_token(person)
        return token if claims_of(token)["iat"] > second else ""

    token = eventually(try_one)
    assert token, f"Dex issued no token after {second}"
    return token


def claims_of(token: str) -> dict[str, int]:
    """A token's claims, unverified."""
    payload = token.split(".")[1]
    found: dict[str, int] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return found
