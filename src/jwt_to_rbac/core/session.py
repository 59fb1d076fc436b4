"""Sessions: one login on one device, to which tokens are bound. Which object holds one is for `kube`.

Ending a session ends its tokens and no others. A renewal within a minute is not written down
anew, so that most renewals cost the API server one call; times are true to that minute.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.core.lifetime import SHORTEST_TOKEN

RESOLUTION = 60
"""Seconds by which `renewed` and `expires` may lag behind the newest token."""

MOST_SESSIONS = 1000
"""Live sessions of one person. Far more than devices: a client that never names its session, and
fetches a token each two minutes for a day, stays below it; a runaway one can't fill etcd."""

_LONGEST_DEVICE = 128


@dataclass(frozen=True, slots=True)
class Session:
    """One session of the account `account`. Times are whole seconds since 1970.

    `uid` is the object's, and empty before it is made. A token of fewer than SHORTEST_TOKEN
    seconds can't be had, so a shorter life is kept by ending the session on time; so is that of
    a `stored` token, which the session's object holds and which has no end of its own.
    """

    name: str
    account: str
    device: str
    created: int
    renewed: int
    expires: int
    uid: str = ""
    stored: bool = False

    def ends_at(self) -> int:
        """When the session may be removed: no token of it is good after that."""
        exact = self.stored or self.expires - self.renewed < SHORTEST_TOKEN
        return self.expires if exact else self.expires + RESOLUTION

    def must_record(self, now: float, seconds: int) -> bool:
        """Whether a renewal at `now` for `seconds` says what the session doesn't say yet."""
        return seconds < SHORTEST_TOKEN or abs(now + seconds - self.expires) >= RESOLUTION


def lapses_at(seen: float, sessions: Iterable[Session], unused: float) -> float:
    """When access that nobody asks for any more ends: bindings live as long as the last session.

    Without one they live for `unused` seconds after the person was last `seen`, so that somebody
    who logged in can fetch a token. This is what takes away a group that was lost at the
    directory from somebody who never comes back.
    """
    return max([seen + unused, *(one.ends_at() for one in sessions)])


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks of a token. All of it may be left out.

    `seconds` is its life; `session` names the session to renew; `device` tells people later
    where a new session began. With `shared`, a live session of the same device is renewed.
    Raises InvalidInput (body_malformed) for a device name that could mislead its reader.
    """

    seconds: float | None = None
    session: str = ""
    device: str = ""
    shared: bool = False

    def __post_init__(self) -> None:
        if len(self.device) > _LONGEST_DEVICE or not self.device.isprintable():
            raise InvalidInput(
                Code.BODY_MALFORMED,
                f"device: must be at most {_LONGEST_DEVICE} printable characters.",
            )
