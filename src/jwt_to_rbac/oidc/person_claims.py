"""Turns verified claims into typed facts about one person.

Nothing here checks signatures: VerifiedClaims is proof that the verifier did. Nothing here
decides access. Each claim is checked, or not read at all; none is coerced.

- The identity is (`iss`, `sub`); nothing else is ever compared to recognise somebody.
- The username, for people to read, is what the configuration names, and must then be there.
  If that is `email`, `email_verified: false` refuses the token, as Kubernetes does.
- An e-mail address with `email_verified: false` counts as absent: anybody could have typed it.
  Where the issuer doesn't say, it is taken (Dex and most directories vouch for it silently).
- Groups absent are no groups; a list of strings, or one string, is taken (Kubernetes takes one
  for claims such as `role`), and any other type refused.
"""

from collections.abc import Mapping

from jwt_to_rbac.core.claim_mapping import Claim, ClaimMapping
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.oidc.verified_claims import VerifiedClaims

MAX_SUBJECT_LENGTH = 1024
"""Characters. OpenID Connect Core 2 says 255, but Dex puts a whole directory name into `sub`, and
those of Active Directory alone may have 255 characters, a third more in base64."""

MAX_NAME_LENGTH = 320
"""Characters: the longest e-mail address, 64 + 1 + 255 (RFC 5321 section 4.5.3.1)."""

MAX_GROUP_LENGTH = 1024
"""Characters: a group may be named by its place in a directory, like a person."""

MAX_GROUPS = 1024
"""Active Directory itself stops at 1,015 groups in one person's logon token."""


class _Unfit(ValueError):
    """A claim that can't be taken; the message is what to tell, without the value."""


def person_of(verified: VerifiedClaims, mapping: ClaimMapping) -> Person | Denial:
    """Read who it is. token_claim names the claim that is wrong, never its value."""
    claims = verified.claims
    try:
        subject = _subject(verified)
        email = _email(claims)
        if mapping.username is None:
            preferred = _optional(claims, "preferred_username", MAX_NAME_LENGTH)
            username = email or preferred or subject
        else:
            username = _username(claims, mapping.username)
        connector, user_id = _federated(claims)
        return Person(
            identity=Identity(verified.issuer, subject),
            username=username,
            email=email,
            groups=_groups(claims, mapping.groups),
            connector=connector,
            user_id=user_id,
        )
    except _Unfit as error:
        return Denial(Code.TOKEN_CLAIM, f"the token's {error}; ask who runs the issuer to mend it")


def _subject(verified: VerifiedClaims) -> str:
    subject = _text("sub", verified.subject, MAX_SUBJECT_LENGTH)
    if not subject.isascii():
        raise _Unfit("sub must be ASCII (OpenID Connect Core 2)")
    return subject


def _email(claims: Mapping[str, object]) -> str:
    email = _optional(claims, "email", MAX_NAME_LENGTH)
    verified = claims.get("email_verified", True)
    if not isinstance(verified, bool):
        raise _Unfit("email_verified must be true or false, not text")
    if email.count("@") > 1:
        # Which domain it belongs to would depend on who reads it.
        raise _Unfit("email has more than one @")
    return email if verified else ""


def _username(claims: Mapping[str, object], source: Claim) -> str:
    if source.name not in claims:
        raise _Unfit(f"{source.name} is missing, which names its user here")
    if source.name == "email" and claims.get("email_verified") is False:
        raise _Unfit("email is not verified (email_verified is false)")
    return source.prefix + _text(source.name, claims[source.name], MAX_SUBJECT_LENGTH)


def _groups(claims: Mapping[str, object], source: Claim | None) -> tuple[str, ...]:
    if source is None:
        return ()
    name, value = source.name, claims.get(source.name, ())
    groups = (value,) if isinstance(value, str) else value
    if not isinstance(groups, tuple):
        raise _Unfit(f"{name} must be a list of strings, or one string")
    if len(groups) > MAX_GROUPS:
        raise _Unfit(f"{name} are more than {MAX_GROUPS}")
    found = {source.prefix + _text(name, group, MAX_GROUP_LENGTH) for group in groups}
    return tuple(sorted(found))


def _federated(claims: Mapping[str, object]) -> tuple[str, str]:
    """Dex's connector and the person's id there (scope `federated:id`)."""
    federated = claims.get("federated_claims", {})
    if not isinstance(federated, Mapping):
        raise _Unfit("federated_claims must be an object")
    return (
        _optional(federated, "connector_id", MAX_NAME_LENGTH),
        _optional(federated, "user_id", MAX_SUBJECT_LENGTH),
    )


def _optional(claims: Mapping[str, object], name: str, longest: int) -> str:
    return _text(name, claims[name], longest) if name in claims else ""


def _text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise _Unfit(f"{name} must be text")
    if not 0 < len(value) <= longest:
        raise _Unfit(f"{name} must have 1 to {longest} characters")
    # Controls (CR, LF, NUL), lone surrogates and invisible characters, which split logs and
    # headers, or make two names look alike.
    if not value.isprintable():
        raise _Unfit(f"{name} holds control or invisible characters")
    return value
