"""Who asks in schemathesis' requests, between the test and the process of schemathesis. Shapes only."""

from pathlib import Path

import msgspec


class Asked(msgspec.Struct, frozen=True):
    """Somebody who is logged in, with an ID token and a session."""

    account: str
    token: str
    session: str


def write(people: list[Asked], file: Path) -> None:
    file.write_bytes(msgspec.json.encode(people))


def read(file: Path) -> list[Asked]:
    return msgspec.json.decode(file.read_bytes(), type=list[Asked])
