"""Looks at objects by name without demanding that they are there or may be read. Changes nothing."""

from typing import Any
from urllib.parse import urlencode

import msgspec

from jwt_to_rbac.core.finding import Finding, unknown
from jwt_to_rbac.kube.session import KubeSession


class NotAllowed(Exception):
    """Whoever looks may not read this; the message is the API server's."""


async def look(session: KubeSession, path: str) -> Any:
    """What is at `path`, as plain data; None if nothing is. Raises NotAllowed, Outage."""
    reply = await session.call("GET", path, also=(403, 404))
    if reply.status == 403:
        raise NotAllowed(path)
    return None if reply.status == 404 else msgspec.json.decode(reply.body)


async def look_for(session: KubeSession, collection: str, name: str) -> Any:
    """The object of this name, as plain data; None if there is none. Raises NotAllowed, Outage.

    By the verb `list`, which the program has where it hasn't `get`.
    """
    query = urlencode({"fieldSelector": f"metadata.name={name}"})
    found = await look(session, f"{collection}?{query}")
    return next(iter(found["items"]), None) if found else None


def may_not_look(check: str, what: str) -> Finding:
    return unknown(
        check,
        f"this credential may not read {what}",
        "Run doctor with an administrator's kubeconfig to have it looked at.",
    )
