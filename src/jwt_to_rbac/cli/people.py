"""An administrator's commands: `people`, `revoke`, `suspend`, `resume`, `who-can`.

The server asks Kubernetes whether the caller may: `get`, `list`, `patch`, `delete` on accessgrants.
"""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from jwt_to_rbac.cli.connection import Connection, TokenFile, asking
from jwt_to_rbac.cli.output import Output, grants, pairs, show, table, terminal_width, until
from jwt_to_rbac.client.errors import ClientError
from jwt_to_rbac.client.server import segment
from jwt_to_rbac.client.words import folded

_ANYWHERE = Connection()


def people(
    name: str = "",
    /,
    *,
    at: Connection = _ANYWHERE,
    search: str = "",
    group: Annotated[str, Parameter(name=["--group", "-g"])] = "",
    token_file: TokenFile = None,
    output: Output = "table",
) -> None:
    """List who has access, or show one person.

    Parameters
    ----------
    name
        One person, by the name of their AccessGrant.
    search
        Only those in whose name or e-mail address this occurs.
    group
        Only those in this group.
    """
    with asking(at, token_file) as me:
        now = me.session.clock.now()
        if name:
            person = me.server.get(f"people/{segment(name)}", me.bearer)
            show(output, person, _one(person, now), [person["name"]])
            return
        items: list[dict[str, Any]] = []
        query = {"search": search, "group": group, "continue": ""}
        while True:
            page = me.server.get("people", me.bearer, query)
            items += page["items"]
            if not page.get("continue"):
                break
            query["continue"] = page["continue"]
    rows = [
        (
            p["name"],
            p.get("username"),
            p.get("groups"),
            sorted({g["clusterRole"] for g in p.get("grants") or ()}),
            p.get("sessions"),
            until(p.get("lastLogin"), now),
            "suspended" if p.get("suspended") else until(p.get("expiresAt"), now),
        )
        for p in items
    ]
    head = ("NAME", "USER", "GROUPS", "ROLES", "SESSIONS", "LAST LOGIN", "EXPIRES")
    nobody = "Nobody." if not (search or group) else "Nobody like that."
    lines = table(head, rows, nobody, terminal_width(), ["USER", "SESSIONS"])
    show(output, {"items": items}, lines, [p["name"] for p in items])


def revoke(
    *names: str,
    at: Connection = _ANYWHERE,
    group: Annotated[str, Parameter(name=["--group", "-g"])] = "",
    token_file: TokenFile = None,
    output: Output = "table",
) -> None:
    """Take everything away from people, at once. They may log in again: `suspend` prevents that.

    Parameters
    ----------
    names
        The people, by the names of their AccessGrants.
    group
        Everybody who is in this group.
    """
    if bool(names) == bool(group):
        raise ClientError("Name the people whose access is to be taken, or a --group.")
    with asking(at, token_file) as me:
        if group:
            revoked = []
            remaining = True
            while remaining:  # the server takes some hundreds at a time
                said = me.server.change("DELETE", "people", me.bearer, query={"group": group})
                revoked += said["revoked"]
                remaining = bool(said["revoked"]) and bool(said.get("remaining"))
        else:
            for name in names:
                me.server.change("DELETE", f"people/{segment(name)}", me.bearer)
            revoked = list(names)
    lines = [f"{name}: revoked" for name in revoked] or [f"Nobody is in {group}."]
    show(output, {"revoked": revoked}, "\n".join(lines), revoked)


def suspend(
    name: str,
    /,
    *,
    at: Connection = _ANYWHERE,
    token_file: TokenFile = None,
    output: Output = "table",
) -> None:
    """Take somebody's access away and let no login give it back, until `resume`.

    Parameters
    ----------
    name
        The person, by the name of their AccessGrant.
    """
    _change(name, {"suspended": True}, "suspended", at, token_file, output)


def resume(
    name: str,
    /,
    *,
    at: Connection = _ANYWHERE,
    token_file: TokenFile = None,
    output: Output = "table",
) -> None:
    """Let somebody in again who was suspended.

    Parameters
    ----------
    name
        The person, by the name of their AccessGrant.
    """
    _change(name, {"suspended": False}, "no longer suspended", at, token_file, output)


def who_can(
    verb: str,
    resource: str,
    /,
    *,
    at: Connection = _ANYWHERE,
    namespace: Annotated[str, Parameter(name=["--namespace", "-n"])] = "",
    token_file: TokenFile = None,
    output: Output = "table",
) -> None:
    """Tell who may do something on the cluster by what they were given here, and by which rule.

    Parameters
    ----------
    verb
        Such as get, list, delete.
    resource
        Such as pods, or deployments.apps.
    namespace
        In this namespace; else on the whole cluster.
    """
    asked = {"verb": verb, "resource": resource, "namespace": namespace}
    with asking(at, token_file) as me:
        said = me.server.get("who-can", me.bearer, asked)
    rows = [
        (i["name"], i.get("username"), i["clusterRole"], i["scope"], i["rule"])
        for i in said["items"]
    ]
    head = ("NAME", "USER", "CLUSTERROLE", "SCOPE", "RULE")
    names = list(dict.fromkeys(item["name"] for item in said["items"]))
    nobody = "Nobody whom jwt-to-rbac knows."
    show(output, said, table(head, rows, nobody, terminal_width(), ["USER"]), names)


def _change(
    name: str,
    patch: dict[str, object],
    done: str,
    at: Connection,
    token_file: Path | None,
    output: str,
) -> None:
    with asking(at, token_file) as me:
        person = me.server.change("PATCH", f"people/{segment(name)}", me.bearer, patch)
    show(output, person, f"{name}: {done}", [name])


def _one(person: dict[str, Any], now: float) -> str:
    facts = {
        "Name": person["name"],
        "Username": person.get("username"),
        "E-mail": person.get("email"),
        "Groups": person.get("groups"),
        "Issuer": person.get("issuer"),
        "Subject": person.get("subject"),
        "Connector": person.get("connector"),
        "Sessions": person.get("sessions"),
        "Last login": until(person.get("lastLogin"), now),
        "Suspended": "yes" if person.get("suspended") else "no",
        "Expires": until(person.get("expiresAt"), now),
    }
    conditions = [
        f"{c.get('type')}={c.get('status')}: {c.get('message') or c.get('reason')}"
        for c in person.get("conditions") or ()
    ]
    width = terminal_width()
    said = [folded(condition, width) for condition in conditions]
    return "\n".join([pairs(facts, width), *said, "", grants(person, width)])
