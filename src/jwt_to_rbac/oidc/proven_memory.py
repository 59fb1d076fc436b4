"""Remembers tokens that were just verified, so that the same one again costs little.

Only yeses are kept, and never alone: the caller asks again about the key and the times.
Tokens themselves are not kept, only their SHA-256.
"""

from collections import OrderedDict
from dataclasses import dataclass

from jwt_to_rbac.core.identity import ProvenPerson
from jwt_to_rbac.oidc.verified_claims import VerifiedClaims

MAX_REMEMBERED = 1024
"""Tokens: people who log in within one token's life. A few kilobytes each."""


@dataclass(frozen=True, slots=True)
class Remembered:
    claims: VerifiedClaims
    person: ProvenPerson


class ProvenMemory:
    """The most recently used verified tokens, by SHA-256."""

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._remembered: OrderedDict[str, Remembered] = OrderedDict()

    def get(self, token_sha256: str) -> Remembered | None:
        found = self._remembered.get(token_sha256)
        if found is not None:
            self._remembered.move_to_end(token_sha256)
        return found

    def put(self, token_sha256: str, remembered: Remembered) -> None:
        self._remembered[token_sha256] = remembered
        if len(self._remembered) > self._most:
            self._remembered.popitem(last=False)

    def forget(self, token_sha256: str) -> None:
        self._remembered.pop(token_sha256, None)
