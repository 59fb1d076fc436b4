"""HTTP calls as curl makes them, and how they are shown."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """An answer, whatever its status."""

    status: int
    text: str

    @property
    def line(self) -> str:
        """`201 Created`."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.text)

    def pretty(self) -> str:
        """The body for people: one line a key, short lists in one line."""
        if not self.text:
            return ""
        body = self.json()
        if not isinstance(body, dict):
            return self.text
        lines = (f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in body.items())
        return "{\n" + ",\n".join(lines) + "\n}"


def call(method: str, url: str, *, body: object = None, bearer: str = "") -> Answer:
    """One call; raises OSError only if there is no answer at all."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    data = None if body is None else json.dumps(body).encode()
    if data is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as reply:
            return Answer(reply.status, reply.read().decode())
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, refusal.read().decode(errors="replace"))
