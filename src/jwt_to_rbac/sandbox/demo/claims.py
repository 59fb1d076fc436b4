"""Looks into a token without verifying it: to show what an issuer said, never to decide anything."""

import base64
import datetime
import json
from typing import Any


def claims_of(token: str) -> dict[str, Any]:
    """The payload of a JWT."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims


def told(claims: dict[str, Any]) -> dict[str, str]:
    """The claims that say who somebody is and for how long, as a person reads them."""
    federated = claims.get("federated_claims", {})
    return {
        "iss": f"{claims['iss']} (who says it)",
        "sub": claims["sub"],
        "aud": f"{claims['aud']} (for whom it is meant)",
        "exp": f"{clock(claims['exp'])} (issued {clock(claims['iat'])})",
        "email": claims["email"],
        "groups": ", ".join(claims.get("groups", [])),
        "federated_claims": f"{federated.get('connector_id')}: {federated.get('user_id')}",
    }


def clock(seconds: int) -> str:
    """`2026-01-01 12:00:00 UTC`."""
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"
