"""A person proves who they are at the issuer: in a browser, or on another device."""

import os
import secrets
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jwt_to_rbac.client.browser import open_browser
from jwt_to_rbac.client.errors import ClientError, LoginNeeded, Refused, Unreachable
from jwt_to_rbac.client.issuer import Issuer, NotYet, Tokens, proof_key
from jwt_to_rbac.client.loopback import Loopback, Redirect
from jwt_to_rbac.client.words import Say

PATIENCE = 180.0
"""Seconds that a browser's window is waited for."""

_LOOK = 0.25
"""Seconds between two looks at whether the browser and whoever asked are still there."""

Use = Callable[[Tokens], str]
"""What is done with the tokens; returns a sentence for the person."""


@dataclass(frozen=True)
class Person:
    """How to reach the person: `browser` is a command, None where there is none to be seen."""

    browser: list[str] | None
    say: Say


def log_in(issuer: Issuer, person: Person, use: Use) -> None:
    """Get tokens for the person and `use` them; the browser's page tells how that ended.

    Raises Refused if the issuer says no, LoginNeeded if the person doesn't come.
    """
    if person.browser is None:
        _by_device(issuer, person, use)
    else:
        _by_browser(issuer, person, person.browser, use)


def _by_browser(issuer: Issuer, person: Person, browser: list[str], use: Use) -> None:
    verifier, challenge = proof_key()
    nonce = secrets.token_urlsafe(24)
    with Loopback() as loopback:
        question = {
            "response_type": "code",
            "client_id": issuer.registration.client_id,
            "redirect_uri": loopback.uri,
            "scope": issuer.scopes(),
            "state": loopback.state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = issuer.endpoint("authorization")
        url = f"{endpoint}{'&' if '?' in endpoint else '?'}{urllib.parse.urlencode(question)}"
        person.say(
            f"Log in at {issuer.registration.issuer} with your browser, in the window that opens now."
        )
        redirect = _returned(loopback, browser, url, person)
        try:
            code = _code(redirect, issuer)
            tokens = issuer.tokens(
                nonce,
                grant_type="authorization_code",
                code=code,
                redirect_uri=loopback.uri,
                code_verifier=verifier,
            )
            done = use(tokens)
        except ClientError as e:
            redirect.answer("The login did not work", e.detail)
            raise
        except BaseException:
            redirect.answer("The login did not work", "Look at the terminal.")
            raise
        redirect.answer("You are logged in", f"{done} You may close this window.")


def _returned(loopback: Loopback, browser: list[str], url: str, person: Person) -> Redirect:
    asker, told = os.getppid(), False
    try:
        process = open_browser(browser, url)
    except OSError as e:
        raise ClientError(
            f"{browser[0]} can't be started: {e.strerror}. Set BROWSER, or use "
            "`jwt-to-rbac login --device`."
        ) from e
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        redirect = loopback.wait(_LOOK)
        if redirect is not None:
            return redirect
        if process.poll() and not told:
            person.say(f"The browser did not start. Open this address yourself:\n{url}")
            told = True
        if os.getppid() != asker:
            raise LoginNeeded("Whoever asked for this login has gone.")
    raise LoginNeeded(
        f"Nobody logged in within {PATIENCE / 60:g} min. Run `jwt-to-rbac login` when you are there."
    )


def _code(redirect: Redirect, issuer: Issuer) -> str:
    given = redirect.parameters
    # RFC 9207: whose answer it is, where the issuer says so.
    if given.get("iss", issuer.registration.issuer) != issuer.registration.issuer:
        raise ClientError(f"The answer came from another issuer, {given['iss']!r}. Try again.")
    if error := given.get("error"):
        words = given.get("error_description") or "no reason was given"
        raise Refused(f"{issuer.registration.issuer} refused the login: {error} ({words}).", error)
    if "code" not in given:
        raise ClientError(f"{issuer.registration.issuer} sent the browser back without a code.")
    return given["code"]


def _by_device(issuer: Issuer, person: Person, use: Use) -> None:
    """The device authorization grant (RFC 8628)."""
    if not issuer.endpoint("device_authorization"):
        raise LoginNeeded(
            f"There is no browser here, and {issuer.registration.issuer} offers no device codes. "
            "Log in on a machine with a browser, or set BROWSER to a command that opens one."
        )
    verifier, challenge = proof_key()
    asked = issuer.post(
        "device_authorization",
        scope=issuer.scopes(),
        code_challenge=challenge,
        code_challenge_method="S256",
    )
    if asked.status != 200:
        raise Refused(
            f"{issuer.registration.issuer} gave no device code: it answered {asked.status}. Log in "
            "on a machine with a browser, or have an administrator allow codes there."
        )
    given = asked.json()
    _tell(given, person)
    pause = _number(given.get("interval"), 5.0)
    end = time.monotonic() + _number(given.get("expires_in"), 300.0)
    asker = os.getppid()
    while time.monotonic() < end:
        time.sleep(pause)
        if os.getppid() != asker:
            raise LoginNeeded("Whoever asked for this login has gone.")
        try:
            tokens = issuer.tokens(
                grant_type="urn:ietf:params:oauth:grant-type:device_code",
                device_code=str(given.get("device_code")),
                code_verifier=verifier,
            )
        except NotYet as e:
            pause += 5 if e.slower else 0
            continue
        except Unreachable:
            continue
        person.say(use(tokens))
        return
    raise LoginNeeded("The code was not entered in time. Run `jwt-to-rbac login` for a new one.")


def _tell(given: dict[str, Any], person: Person) -> None:
    plain = given.get("verification_uri") or given.get("verification_url")
    whole = given.get("verification_uri_complete")
    person.say(
        f"Log in on any device with a browser:\n\n  {whole or plain}\n\n"
        f"Enter the code {given.get('user_code')} there, or see that it is the same. Never use one "
        "that somebody sent you: that would log them in as you."
    )


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) and value > 0 else otherwise
