"""What `claimMappings` and the validation rules of an issuer mean, with Kubernetes' own checks of them."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from jwt_to_rbac.core.claim_mapping import Claim, ClaimMapping, Condition, RequiredClaim
from jwt_to_rbac.core.expression import Expression
from jwt_to_rbac.settings.cel import CLAIMS, USER, Kind, NotAnExpression, compiled, without_texts
from jwt_to_rbac.settings.configuration import (
    Authenticator,
    ClaimForm,
    ClaimRuleForm,
    ExtraForm,
    UidForm,
    UserRuleForm,
)
from jwt_to_rbac.settings.document import Path, shown
from jwt_to_rbac.settings.shape import Report

_EXTRA_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?)/[a-z0-9._~!$&'()*+,;=:@/%-]+", re.ASCII)
_RESERVED = re.compile(r"(.*\.)?(kubernetes|k8s)\.io")
_EMAIL = re.compile(r"(?<![\w.])claims\s*\.\s*\??\s*email\b")
_EMAIL_VERIFIED = re.compile(r"(?<![\w.])claims\s*\.\s*\??\s*email_verified\b")


def claim_mapping(entry: Authenticator, at: Path, wrong: Report) -> ClaimMapping:
    """The mapping and the rules of one issuer; what can't be goes to `wrong`."""
    form, there = entry.claim_mappings, (*at, "claimMappings")
    _check_email(entry, (*there, "username", "expression"), wrong)
    return ClaimMapping(
        username=_source(form.username, Kind.TEXT, (*there, "username"), wrong),
        groups=_source(form.groups, Kind.TEXTS, (*there, "groups"), wrong),
        uid=_source(form.uid, Kind.TEXT, (*there, "uid"), wrong),
        extra=_extra(form.extra, (*there, "extra"), wrong),
        claim_rules=_claim_rules(
            entry.claim_validation_rules, (*at, "claimValidationRules"), wrong
        ),
        user_rules=_user_rules(entry.user_validation_rules, (*at, "userValidationRules"), wrong),
    )


def _source(
    form: ClaimForm | UidForm | UnsetType, kind: Kind, at: Path, wrong: Report
) -> Claim | Expression | None:
    if isinstance(form, UnsetType):
        return None
    prefix = form.prefix if isinstance(form, ClaimForm) else ""
    if bool(form.claim) == bool(form.expression):
        wrong(at, "needs exactly one of `claim` and `expression`")
    elif form.expression:
        if isinstance(form, ClaimForm) and form.prefix is not UNSET:
            wrong((*at, "prefix"), "has no effect with an expression: put it there")
        return _expression(form.expression, CLAIMS, kind, (*at, "expression"), wrong)
    elif isinstance(prefix, UnsetType):
        wrong(at, "lacks the key `prefix`, which may be empty")
    else:
        return Claim(form.claim, prefix)
    return None


def _extra(
    forms: tuple[ExtraForm, ...], at: Path, wrong: Report
) -> tuple[tuple[str, Expression], ...]:
    found: dict[str, Expression] = {}
    for i, form in enumerate(forms):
        key = (*at, i, "key")
        fits = _EXTRA_KEY.fullmatch(form.key)
        if not fits:
            wrong(key, f"is {shown(form.key)}, but must be as example.com/team, in small letters")
        elif _RESERVED.fullmatch(fits[1]):
            wrong(key, f"is {shown(form.key)}, which is reserved for Kubernetes")
        if form.key in found:
            wrong(key, f"is {shown(form.key)} again: keep one")
        path = (*at, i, "valueExpression")
        expression = _expression(form.value_expression, CLAIMS, Kind.TEXTS, path, wrong)
        if expression:
            found[form.key] = expression
    return tuple(found.items())


def _claim_rules(
    forms: tuple[ClaimRuleForm, ...], at: Path, wrong: Report
) -> tuple[RequiredClaim | Condition, ...]:
    found: list[RequiredClaim | Condition] = []
    for i, form in enumerate(forms):
        if bool(form.claim) == bool(form.expression):
            wrong((*at, i), "needs exactly one of `claim` and `expression`")
        elif form.claim:
            if form.message:
                wrong((*at, i, "message"), "has no effect with a claim: take it out")
            found.append(RequiredClaim(form.claim, form.required_value))
        else:
            if form.required_value:
                wrong((*at, i, "requiredValue"), "has no effect with an expression: take it out")
            path = (*at, i, "expression")
            expression = _expression(form.expression, CLAIMS, Kind.BOOLEAN, path, wrong)
            found += [Condition(expression, form.message)] if expression else []
        if any((f.claim, f.expression) == (form.claim, form.expression) for f in forms[:i]):
            wrong((*at, i), "is there twice: keep one")
    return tuple(found)


def _user_rules(forms: tuple[UserRuleForm, ...], at: Path, wrong: Report) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for i, form in enumerate(forms):
        path = (*at, i, "expression")
        if any(f.expression == form.expression for f in forms[:i]):
            wrong(path, "is there twice: keep one")
        expression = _expression(form.expression, USER, Kind.BOOLEAN, path, wrong)
        found += [Condition(expression, form.message)] if expression else []
    return tuple(found)


def _check_email(entry: Authenticator, path: Path, wrong: Report) -> None:
    # Kubernetes' rule: whoever may type an address at the issuer must not be taken at their word.
    form = entry.claim_mappings
    username = form.username.expression if form.username else ""
    asking = [
        username,
        *(extra.value_expression for extra in form.extra),
        *(rule.expression for rule in entry.claim_validation_rules),
    ]
    if _EMAIL.search(without_texts(username)) and not any(
        _EMAIL_VERIFIED.search(without_texts(text)) for text in asking
    ):
        wrong(
            path,
            "takes claims.email, which anybody may have typed: ask for claims.email_verified, "
            "here, in an extra's valueExpression or in claimValidationRules",
        )


def _expression(
    text: str, variables: Mapping[str, Any], kind: Kind, path: Path, wrong: Report
) -> Expression | None:
    try:
        return compiled(text, variables, kind)
    except NotAnExpression as error:
        wrong(path, str(error))
        return None
