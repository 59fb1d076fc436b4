"""kubectl's plugin where the cache has no answer: renew, or one login for all calls that wait."""

import json
import os
import sys
import time

from jwt_to_rbac.client.browser import opener
from jwt_to_rbac.client.cache import Cache
from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.errors import ClientError, LoginNeeded, Unreachable
from jwt_to_rbac.client.handed_out import Credential, asked_again, in_version_of, parent, read
from jwt_to_rbac.client.log_in_at_issuer import Person
from jwt_to_rbac.client.session import Session, accepted
from jwt_to_rbac.client.target import Target
from jwt_to_rbac.client.words import drawn_upon, say

_NOBODY_THERE = 20.0
"""Seconds that a call waits for another's login or renewal if it can't ask anybody itself."""

_FIRST_PAUSE = 120.0
"""Seconds until the plugin may open another window after one that came to nothing; then twice
as long each time."""

_MOST_WINDOWS = 3
"""So many come to nothing one after the other, then a person must say `jwt-to-rbac login`: a
`watch kubectl …` that is left alone opens no more in a night."""


def new_credential(target: Target, folder: str, information: str, refused: str) -> int:
    """Print a credential that is not the one of the generation `refused`; the exit code."""
    cache = Cache(folder)
    interactive = _is_interactive(information)
    try:
        with cache.locked(lambda waited: _patience(waited, interactive)):
            credential = _obtain(target, cache, interactive, refused)
        if information:
            asked_again(folder, credential.generation, parent())
        print(in_version_of(information, credential.document), end="", flush=True)
    except ClientError as e:
        # kubectl asks up to five times before it gives up: one answer is enough for a person.
        if not (information and asked_again(folder, "failure", parent())):
            say(f"jwt-to-rbac: {e.said()}")
        return e.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _obtain(target: Target, cache: Cache, interactive: bool, refused: str) -> Credential:
    """Under the lock: what another call has brought meanwhile, else a renewal, else a login."""
    there = read(cache.folder)
    if there is not None and time.time() < there.expires:
        if there.generation != refused or accepted(cache.state()):
            return there
        cache.forget_credential()
    session = Session(target, cache, ServerClock())
    try:
        return session.renew()
    except LoginNeeded as e:
        return _log_in(session, target, interactive, e)
    except Unreachable:
        # It counts as over a little early; to the API server it is good until its end.
        if there is not None and session.lasts() and there.generation != refused:
            return there
        raise


def _log_in(session: Session, target: Target, interactive: bool, why: LoginNeeded) -> Credential:
    by_hand = f"Run `jwt-to-rbac login {' '.join(target.arguments())}`."
    if not interactive:
        raise LoginNeeded(f"{why.detail} kubectl says that nobody can be asked here. {by_hand}")
    browser = opener(os.environ, sys.platform)
    if browser is None and drawn_upon():
        # There is no place where a code could be shown.
        raise LoginNeeded(f"{why.detail} {by_hand}")
    state = session.state
    pause = _FIRST_PAUSE * 2 ** (state.windows - 1) if state.windows else 0.0
    since = time.time() - state.window_at
    if state.windows >= _MOST_WINDOWS or 0 <= since < pause:
        raise LoginNeeded(
            f"{why.detail} The last login came to nothing, so no other is begun now. {by_hand}"
        )
    return session.log_in(Person(browser, say), anybody=False)


def _patience(waited: float, interactive: bool) -> None:
    if not interactive and waited > _NOBODY_THERE:
        raise Unreachable("Another call is logging in, and nobody has done so yet. Try again.")


def _is_interactive(information: str) -> bool:
    """`spec.interactive` of KUBERNETES_EXEC_INFO; by hand, whether there is a terminal."""
    try:
        return bool(json.loads(information)["spec"]["interactive"])
    except (ValueError, KeyError, TypeError):
        return sys.stdin.isatty()
