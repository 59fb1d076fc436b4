"""`jwt-to-rbac login`, `logout` and `kubeconfig`: the set-up on one's own machine, and its end."""

import os
import sys
from typing import Annotated

from cyclopts import Parameter

from jwt_to_rbac.cli.connection import Connection, session_of, tell_of_clock
from jwt_to_rbac.cli.kubeconfig_entry import add
from jwt_to_rbac.cli.kubeconfig_files import empty, locked
from jwt_to_rbac.cli.output import tell, until
from jwt_to_rbac.client.browser import opener
from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.errors import ClientError
from jwt_to_rbac.client.log_in_at_issuer import Person
from jwt_to_rbac.client.server import ClusterEntry, Server
from jwt_to_rbac.client.words import say

_ANYWHERE = Connection()
Switch = Annotated[bool, Parameter(negative=())]


def login(
    *,
    at: Connection = _ANYWHERE,
    device: Switch = False,
    duration: str = "",
    no_kubeconfig: Switch = False,
    keep_current_context: Switch = False,
) -> None:
    """Log in, and set kubectl up: one command, once a machine.

    Opens a browser; where there is none, as over SSH, it prints an address and a code for
    another device instead.

    Parameters
    ----------
    device
        Use a code, even if there is a browser.
    duration
        How long kubectl's credentials shall last until they are renewed, such as 30m or 8h.
    no_kubeconfig
        Leave the kubeconfig as it is.
    keep_current_context
        Add to the kubeconfig, but don't make it what kubectl uses.
    """
    target = at.target(duration=duration)
    browser = None if device else opener(os.environ, sys.platform)
    with session_of(target) as session:
        session.log_in(Person(browser, say))
        state, now = session.state, session.clock.now()
    tell_of_clock(session)
    tell(f"You are {state.username}, as the ServiceAccount {state.account}.")
    tell(f"kubectl's credential lasts {_length(state.token_expires - now)}; it renews itself.")
    if no_kubeconfig:
        return
    cluster = ClusterEntry(state.cluster, state.kubernetes, state.kubernetes_ca)
    with locked(os.environ, at.kubeconfig) as kubeconfig:
        context = add(kubeconfig, target, cluster, state.account)
        if not keep_current_context:
            kubeconfig.make_current(context)
        files = kubeconfig.write()
    tell(f"kubectl context: {context} (in {', '.join(map(str, files))})")
    if keep_current_context:
        tell(f"Use it: `kubectl config use-context {context}`")


def logout(*, at: Connection = _ANYWHERE) -> None:
    """End this machine's session and forget its tokens.

    kubectl's entry stays: the next call of kubectl asks you to log in.
    """
    target = at.target()
    with session_of(target) as session:
        if not session.known():
            tell("You are not logged in.")
            return
        name, elsewhere, trouble = session.state.session, "", ""
        command = f"jwt-to-rbac sessions end {name} {' '.join(target.arguments())}"
        try:
            session.end()
        except ClientError as e:
            session.forget()
            tell("Your tokens are forgotten here.")
            left = f"To end the session sooner than its token ends: log in again, then `{command}`."
            raise type(e)(f"{e.detail} {left}", e.code) from e
        try:
            elsewhere = session.end_at_issuer()
        except ClientError as e:
            trouble = e.detail
        session.forget()
    tell("You are logged out: the session is ended and its tokens are forgotten.")
    if trouble:
        say(f"The issuer was not told: {trouble}")
    if elsewhere:
        tell(f"The issuer still knows your browser. Log out there too:\n  {elsewhere}")


def kubeconfig(
    *,
    at: Connection = _ANYWHERE,
    print_: Annotated[bool, Parameter(name="--print", negative=())] = False,
    keep_current_context: Switch = False,
) -> None:
    """Write kubectl's entry for a server, or print it: it holds no secret, so one fits everybody.

    Parameters
    ----------
    print_
        Print a whole kubeconfig instead of changing yours.
    keep_current_context
        Don't make it what kubectl uses.
    """
    target = at.target()
    offer = Server(target, ServerClock()).offer()
    with session_of(target) as session:
        account = session.state.account
    if print_:
        shown = empty()
        # For everybody: whoever uses it logs in as themselves.
        shown.make_current(add(shown, target, offer.cluster, ""))
        print(shown.text(), end="")
        return
    with locked(os.environ, at.kubeconfig) as files:
        context = add(files, target, offer.cluster, account)
        if not keep_current_context:
            files.make_current(context)
        written = files.write()
    tell(f"kubectl context: {context} (in {', '.join(map(str, written))})")


def _length(seconds: float) -> str:
    return until("1970-01-01T00:00:00Z", -seconds)
