"""`jwt-to-rbac whoami` and `sessions`: what the server knows of oneself."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from jwt_to_rbac.cli.connection import Asker, Connection, TokenFile, asking
from jwt_to_rbac.cli.output import Output, grants, pairs, show, table, terminal_width, until
from jwt_to_rbac.client.errors import ClientError
from jwt_to_rbac.client.server import segment
from jwt_to_rbac.client.words import folded

_ANYWHERE = Connection()

sessions = App(name="sessions", help="Your logins on all machines: list them, end them.")

Person = Annotated[
    str, Parameter(help="Somebody else, by the name of their AccessGrant; for administrators.")
]


def whoami(*, at: Connection = _ANYWHERE, output: Output = "table") -> None:
    """Tell who you are, what you may do and by which rule, and until when."""
    with asking(at) as me:
        said = me.server.get("whoami", me.bearer)
    state, now = me.session.state, me.session.clock.now()
    facts = {
        "Username": said.get("username"),
        "E-mail": said.get("email"),
        "Groups": said.get("groups"),
        "Issuer": said.get("issuer"),
        "ServiceAccount": said.get("account"),
        "Cluster": f"{state.cluster} ({state.kubernetes})",
        "Session": state.session,
        "Credential": "over"
        if not me.session.lasts()
        else f"{_left(state.token_expires, now)} left",
    }
    width = terminal_width()
    lines = [pairs(facts, width), "", grants(said, width)]
    if refused := said.get("refused"):
        why = f"A login would be refused now ({refused['code']}): {refused['detail']}"
        lines.append(folded(why, width))
    show(output, said, "\n".join(lines), filter(None, [said.get("account")]))


@sessions.default
def list_sessions(
    *,
    at: Connection = _ANYWHERE,
    person: Person = "",
    token_file: TokenFile = None,
    output: Output = "table",
) -> None:
    """List where you are logged in."""
    with asking(at, token_file) as me:
        name = _name(me, person)
        said = me.server.get(f"people/{segment(name)}/sessions", me.bearer)
    items, now = said["items"], me.session.clock.now()
    rows = [
        (
            item["name"],
            item.get("device"),
            until(item.get("created"), now),
            until(item.get("renewed"), now),
            until(item.get("expires"), now),
            "here" if item["name"] == me.session.state.session else "",
        )
        for item in items
    ]
    head = ("NAME", "DEVICE", "CREATED", "RENEWED", "EXPIRES", "")
    lines = table(head, [_last(r) for r in rows], "No sessions.", terminal_width(), ["RENEWED"])
    show(output, said, lines, [i["name"] for i in items])


@sessions.command
def end(
    *names: str,
    at: Connection = _ANYWHERE,
    person: Person = "",
    token_file: TokenFile = None,
    all_: Annotated[bool, Parameter(name="--all", negative=())] = False,
) -> None:
    """End sessions: their tokens open nothing any more, within seconds.

    Parameters
    ----------
    names
        The sessions, as they are listed.
    all_
        All of them, this machine's too.
    """
    if bool(names) == all_:
        raise ClientError("Name the sessions to end, or say --all.")
    with asking(at, token_file) as me:
        path = f"people/{segment(_name(me, person))}/sessions"
        for each in [path] if all_ else [f"{path}/{segment(name)}" for name in names]:
            me.server.change("DELETE", each, me.bearer)
    print("All sessions are ended." if all_ else "".join(f"{n} is ended.\n" for n in names).strip())


def _name(me: Asker, person: str) -> str:
    """Whose sessions are meant. Raises ClientError if nothing says so."""
    name = person or me.session.state.account
    if not name:
        raise ClientError("Whose sessions? You are not logged in here: name a --person.")
    return name


def _last(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The last column is empty where there is nothing to say, without a dash."""
    return (*row[:-1], row[-1] or " ")


def _left(expires: float, now: float) -> str:
    return until("1970-01-01T00:00:00Z", now - expires)
