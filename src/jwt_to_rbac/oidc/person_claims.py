"""Turns verified claims into typed facts about one person.

Nothing here checks signatures: VerifiedClaims is proof that the verifier did. Nothing here
decides access. Each claim is checked, or not read at all; none is coerced.

- The identity is (`iss`, `sub`); nothing else is ever compared to recognise somebody.
- The username, for people to read, and the groups are the configuration's to name: `mapped_user`.
- An e-mail address with `email_verified: false` counts as absent: anybody could have typed it.
  Where the issuer doesn't say, it is taken (Dex and most directories vouch for it silently).
"""

from collections.abc import Mapping

from jwt_to_rbac.core.claim_mapping import ClaimMapping
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.oidc.mapped_user import MappedUser, mapped_user
from jwt_to_rbac.oidc.unfit import MAX_NAME_LENGTH, MAX_SUBJECT_LENGTH, Unfit, text
from jwt_to_rbac.oidc.verified_claims import VerifiedClaims


def person_of(verified: VerifiedClaims, mapping: ClaimMapping) -> Person | Denial:
    """Read who it is. token_claim names the claim that is wrong, never its value."""
    read = person_and_user(verified, mapping)
    return read if isinstance(read, Denial) else read[0]


def person_and_user(
    verified: VerifiedClaims, mapping: ClaimMapping
) -> tuple[Person, MappedUser] | Denial:
    """Who it is, with the user that Kubernetes would make of the same claims; else token_claim."""
    claims = verified.claims
    try:
        subject = _subject(verified)
        email = _email(claims)
        readable = ""
        if mapping.username is None:
            preferred = _optional(claims, "preferred_username", MAX_NAME_LENGTH)
            readable = email or preferred or subject
        user = mapped_user(claims, mapping, readable)
        connector, user_id = _federated(claims)
        person = Person(
            identity=Identity(verified.issuer, subject),
            username=user.username,
            email=email,
            groups=tuple(sorted(set(user.groups))),
            connector=connector,
            user_id=user_id,
        )
        return person, user
    except Unfit as error:
        return Denial(Code.TOKEN_CLAIM, f"the token's {error}; ask who runs the issuer to mend it")


def _subject(verified: VerifiedClaims) -> str:
    subject = text("sub", verified.subject, MAX_SUBJECT_LENGTH)
    if not subject.isascii():
        raise Unfit("sub must be ASCII (OpenID Connect Core 2)")
    return subject


def _email(claims: Mapping[str, object]) -> str:
    email = _optional(claims, "email", MAX_NAME_LENGTH)
    verified = claims.get("email_verified", True)
    if not isinstance(verified, bool):
        raise Unfit("email_verified must be true or false, not text")
    if email.count("@") > 1:
        # Which domain it belongs to would depend on who reads it.
        raise Unfit("email has more than one @")
    return email if verified else ""


def _federated(claims: Mapping[str, object]) -> tuple[str, str]:
    """Dex's connector and the person's id there (scope `federated:id`)."""
    federated = claims.get("federated_claims", {})
    if not isinstance(federated, Mapping):
        raise Unfit("federated_claims must be an object")
    return (
        _optional(federated, "connector_id", MAX_NAME_LENGTH),
        _optional(federated, "user_id", MAX_SUBJECT_LENGTH),
    )


def _optional(claims: Mapping[str, object], name: str, longest: int) -> str:
    return text(name, claims[name], longest) if name in claims else ""
