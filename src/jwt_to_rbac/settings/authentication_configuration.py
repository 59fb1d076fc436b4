"""Our issuers as Kubernetes' AuthenticationConfiguration (apiserver.config.k8s.io/v1), with our meaning.

What we ask of tokens beyond Kubernetes becomes rules in it, and what Kubernetes' user can't hold
becomes `extra`, by which our authorization webhook knows a person again (core.kubernetes_user).
"""

from collections.abc import Collection, Iterable
from pathlib import Path as FilePath

from msgspec import UNSET

from jwt_to_rbac.core import kubernetes_user as user
from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.settings.configuration import (
    Authenticator,
    ClaimForm,
    Configuration,
    IssuerForm,
    UidForm,
)
from jwt_to_rbac.settings.document import Path, dotted

Body = dict[str, object]

# Ours takes an address that is not said to be unverified; Kubernetes' own rule for `email` too.
_EMAIL = (
    "has(claims.email) && claims.email != '' && claims.?email_verified.orValue(true) == true"
    " ? claims.email : "
)
_READABLE = (
    _EMAIL + "has(claims.preferred_username) && claims.preferred_username != ''"
    " ? claims.preferred_username : claims.sub"
)
_FEDERATED = "has(claims.federated_claims) && has(claims.federated_claims.{0}) ? claims.federated_claims.{0} : ''"

_EXTRA = {
    user.ISSUER: "claims.iss",
    user.SUBJECT: "claims.sub",
    user.EMAIL: _EMAIL + "''",
    user.CONNECTOR: _FEDERATED.format("connector_id"),
    user.USER_ID: _FEDERATED.format("user_id"),
    user.ISSUED_AT: "string(int(claims.iat))",
}

_NOT_RESERVED = (
    f"!user.username.startsWith('{user.RESERVED}')"
    f" && user.groups.all(group, !group.startsWith('{user.RESERVED}'))"
)


def authentication_configuration(
    configuration: Configuration, refused: Collection[Identity] = ()
) -> Body:
    """The AuthenticationConfiguration; `refused` are people whom no token lets in.

    Raises InvalidInput (configuration_invalid) for what Kubernetes has no word for.
    """
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [
            _authenticator(entry, ("jwt", index), refused)
            for index, entry in enumerate(configuration.jwt)
        ],
    }


def _authenticator(entry: Authenticator, at: Path, refused: Iterable[Identity]) -> Body:
    form = entry.claim_mappings
    mappings: Body = {
        "username": _source(form.username) if form.username else {"expression": _READABLE},
        **({"groups": _source(form.groups)} if form.groups else {}),
        **({"uid": _source(form.uid)} if form.uid else {}),
        "extra": [
            *({"key": e.key, "valueExpression": e.value_expression} for e in form.extra),
            *({"key": key, "valueExpression": value} for key, value in _EXTRA.items()),
        ],
    }
    rules: list[Body] = [
        {"claim": rule.claim, "requiredValue": rule.required_value}
        if rule.claim
        else _rule(rule.expression, rule.message)
        for rule in entry.claim_validation_rules
    ]
    return {
        "issuer": _issuer(entry.issuer, at),
        "claimMappings": mappings,
        "claimValidationRules": [*rules, *_own_claim_rules(entry.issuer)],
        "userValidationRules": [
            *(_rule(rule.expression, rule.message) for rule in entry.user_validation_rules),
            _rule(_NOT_RESERVED, f"names that begin with {user.RESERVED} are Kubernetes' own"),
            *_refusals(entry.issuer.url, refused),
        ],
    }


def _issuer(form: IssuerForm, at: Path) -> Body:
    there = (*at, "issuer")
    if form.insecure_skip_tls_verify:
        raise _cant((*there, "insecureSkipTLSVerify"), "give certificateAuthority instead")
    for key, url in (("url", form.url), ("discoveryURL", form.discovery_url)):
        if url and not url.startswith("https://"):
            raise _cant((*there, key), "API servers take https alone")
    ca = form.certificate_authority
    if form.certificate_authority_file:
        ca = FilePath(form.certificate_authority_file).read_text()
    optional = {"discoveryURL": form.discovery_url, "certificateAuthority": ca}
    if len(form.audiences) > 1:
        optional["audienceMatchPolicy"] = "MatchAny"
    told = {key: value for key, value in optional.items() if value}
    return {"url": form.url, "audiences": list(form.audiences), **told}


def _own_claim_rules(form: IssuerForm) -> list[Body]:
    allowed = "[" + ", ".join(_text(each) for each in form.audiences) + "]"
    return [
        _rule("has(claims.iat)", "the token says not when it was issued"),
        _rule(
            f"type(claims.aud) == string ? claims.aud in {allowed}"
            f" : dyn(claims.aud).all(each, each in {allowed})",
            "the token is for somebody else too",
        ),
        _rule(
            "type(claims.aud) == string || size(dyn(claims.aud)) == 1 || has(claims.azp)",
            "the token says not which of its audiences asked for it",
        ),
        _rule(
            f"!has(claims.azp) || claims.azp in {allowed}", "the token was issued to somebody else"
        ),
    ]


def _refusals(url: str, refused: Iterable[Identity]) -> list[Body]:
    subjects = sorted(one.subject for one in refused if one.issuer == url)
    if not subjects:
        return []
    listed = ", ".join(_text(subject) for subject in subjects)
    return [
        _rule(
            f"!user.extra['{user.SUBJECT}'].exists(each, each in [{listed}])",
            "this person's access is suspended or has ended",
        )
    ]


def _source(form: ClaimForm | UidForm) -> Body:
    if form.expression:
        return {"expression": form.expression}
    if isinstance(form, UidForm):
        return {"claim": form.claim}
    return {"claim": form.claim, "prefix": "" if form.prefix is UNSET else form.prefix}


def _rule(expression: str, message: str) -> Body:
    return {"expression": expression, **({"message": message} if message else {})}


def _text(value: str) -> str:
    """A CEL string literal."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _cant(path: Path, what: str) -> InvalidInput:
    return InvalidInput(
        Code.CONFIGURATION_INVALID,
        f"{dotted(path)}: has no form in an AuthenticationConfiguration: {what}",
    )
