"""One record of a decision: its fields, in the order in which they are written. A JSON object a line.

    time          when, RFC 3339 in UTC with milliseconds
    event         what was decided: login, login_refused, caller_refused, access_refused, limited,
                  token, session_ended, session_expired, person_changed, revoke, repair …; for an API
                  server that asks: authenticated, authentication_refused, allowed, denied, not_allowed
    request       the request's id, which also stands in the answer's X-Request-Id
    replica       which process, by its host's name
    source        from where: the address of the connection's other end (of a proxy, if one stands
                  in front); absent for what happens unattended
    caller        who asked, where that isn't shown by an ID token: a Kubernetes user, or issuer#subject
    issuer, subject, username   whom an ID token proved; username is for reading, the others identify
    token_sha256  which ID token, by the hash of its whole text, in hexadecimal; refused ones too,
                  but for what isn't even a token
    asked         what the caller asked for and was refused: a verb and a resource of Kubernetes'
                  RBAC; or what an API server asked about, which may be a path instead
    namespace, name   of the object that an API server asked about
    account       whose access, by the ServiceAccount's name; absent if it is yet to be made. With
                  access_refused the name as it was asked for, whether there is one or not
    session       which of the account's sessions, by its Secret's name
    seconds       how long the ServiceAccount token was to live
    suspended, expires_at   what an administrator set (an end of 0: none)
    code          why it was refused: a code of `core.errors`
    grants        all that the person is to hold, each with the rule that gives it
    given, taken  what of that had to be added, and what was taken away
    held          what was held before a repair
    failed_rules  rules whose expression had no value for the person, and so gave nothing, with why
    changed       whether the cluster had to be changed at all
    sha256        which configuration was taken up, by the hash of its file
    role          which ClusterRole of the policy's was made, mended or removed

A field that says nothing in a record is left out. A name that isn't here can't be written, and no
value but text, a number, a truth or a list of texts: a whole request or token body can't slip in.

A renewal by an ID token has one record, that of its token, with the login's fields; a `login` stands
before it only if something had to be changed.

A record says what was decided and was about to be done. What it speaks of may still have failed
(a cluster that was away); nothing was done that no record speaks of.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

Fact = str | int | bool | Sequence[str] | None


class Record(msgspec.Struct, omit_defaults=True, frozen=True, kw_only=True, gc=False):
    """The fields; see the module's docstring, which is their documentation."""

    time: str
    event: str
    request: str | None = None
    replica: str
    source: str = ""
    caller: Fact = None
    issuer: Fact = None
    subject: Fact = None
    username: Fact = None
    token_sha256: Fact = None
    asked: Fact = None
    namespace: Fact = None
    name: Fact = None
    account: Fact = None
    session: Fact = None
    seconds: Fact = None
    suspended: Fact = None
    expires_at: Fact = None
    code: Fact = None
    grants: Fact = None
    given: Fact = None
    taken: Fact = None
    held: Fact = None
    failed_rules: Fact = None
    changed: Fact = None
    sha256: Fact = None
    role: Fact = None


def plain(name: str, value: object) -> None:
    """Raise TypeError, by the name alone, unless it is a value that may stand in a record."""
    texts = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    if not (texts or value is None or isinstance(value, str | int)):
        raise TypeError(f"{name} of an audit record can't be of type {type(value).__name__}")


def in_milliseconds(seconds: float) -> str:
    """Seconds since 1970 as `2026-01-01T12:00:00.123Z`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
