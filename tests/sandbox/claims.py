"""Reads an ID token's claims without verifying it: for looking at what Dex issued, no more."""

import base64
import json
from typing import Any


def claims_of(token: str) -> dict[str, Any]:
    """The payload of a JWT."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims
