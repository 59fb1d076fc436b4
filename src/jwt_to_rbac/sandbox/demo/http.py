"""HTTP calls as curl makes them, and how they are shown."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

_SECONDS = 30.0
_LINE = 72


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
        """The body for people: what fits in a line stays in one."""
        return _pretty(self.json()) if self.text else ""


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


def _pretty(value: Any, indent: str = "") -> str:
    line = json.dumps(value, ensure_ascii=False)
    if len(indent + line) <= _LINE or not isinstance(value, dict | list):
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_pretty(inner, deeper)}" for key, inner in value.items()]
    else:
        parts = [_pretty(inner, deeper) for inner in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{indent}{closing}"
