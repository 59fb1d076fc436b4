"""Who a token names by the configuration's mapping, with the meaning that Kubernetes gives it.

The order is the API server's: user name, groups, uid, extra, rules on claims, rules on the
user. A claim that is named and missing refuses the token (save groups), and so does an
expression without a value. Stricter than Kubernetes in this: names must not be empty, nor
longer than our bounds, nor hold what can't be seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jwt_to_rbac.core.claim_mapping import Claim, ClaimMapping, Condition, RequiredClaim
from jwt_to_rbac.core.expression import Expression, ExpressionFailed
from jwt_to_rbac.core.short_line import short_line
from jwt_to_rbac.oidc.unfit import MAX_GROUP_LENGTH, MAX_GROUPS, MAX_SUBJECT_LENGTH, Unfit, text

CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"

Claims = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MappedUser:
    """What a SelfSubjectReview shows; `groups` as they came, in order."""

    username: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def mapped_user(claims: Claims, mapping: ClaimMapping, readable_name: str) -> MappedUser:
    """The user; `readable_name` is for a mapping that names no claim. Raises Unfit."""
    seen = {"claims": _plain(claims)} if _asks(mapping) else {}
    user = MappedUser(
        username=_username(claims, seen, mapping.username) if mapping.username else readable_name,
        groups=_groups(claims, seen, mapping.groups),
        uid=_uid(claims, seen, mapping.uid),
        extra=_extra(claims, seen, mapping),
    )
    for rule in mapping.claim_rules:
        if isinstance(rule, RequiredClaim):
            if claims.get(rule.name) != rule.value:
                raise Unfit(f"{rule.name} is not what the configuration requires")
        else:
            _must_hold(rule, seen, "claims")
    if mapping.user_rules:
        facts: dict[str, object] = {
            "user.username": user.username,
            "user.uid": user.uid,
            "user.groups": list(user.groups),
            "user.extra": {key: list(values) for key, values in user.extra.items()},
        }
        for condition in mapping.user_rules:
            _must_hold(condition, facts, "user")
    return user


def _username(claims: Claims, seen: Claims, source: Claim | Expression) -> str:
    if isinstance(source, Expression):
        return text("user name", _value(source, seen, "user name"), MAX_SUBJECT_LENGTH)
    if source.name == "email" and claims.get("email_verified", True) is not True:
        raise Unfit("email is not verified (email_verified is not true)")
    return source.prefix + _claim(claims, source.name)


def _uid(claims: Claims, seen: Claims, source: Claim | Expression | None) -> str:
    if source is None:
        return ""
    if isinstance(source, Claim):
        return _claim(claims, source.name)
    uid = _value(source, seen, "uid")
    return text("uid", uid, MAX_SUBJECT_LENGTH) if uid != "" else ""


def _groups(claims: Claims, seen: Claims, source: Claim | Expression | None) -> tuple[str, ...]:
    if source is None:
        return ()
    if isinstance(source, Expression):
        return _texts("groups", _value(source, seen, "groups"))
    name, value = source.name, claims.get(source.name, ())
    groups = (value,) if isinstance(value, str) else value
    if not isinstance(groups, tuple):
        raise Unfit(f"{name} must be a list of strings, or one string")
    _check_number(name, len(groups))
    return tuple(source.prefix + text(name, group, MAX_GROUP_LENGTH) for group in groups)


def _extra(claims: Claims, seen: Claims, mapping: ClaimMapping) -> dict[str, tuple[str, ...]]:
    extra: dict[str, tuple[str, ...]] = {}
    if isinstance(identifier := claims.get("jti"), str) and identifier:
        extra[CREDENTIAL_ID] = (f"JTI={identifier}",)
    for key, expression in mapping.extra:
        values = _texts(f"extra {key}", _value(expression, seen, f"extra {key}"))
        if values:
            extra[key] = values
    return extra


def _texts(name: str, value: object) -> tuple[str, ...]:
    """As Kubernetes reads an expression's value: null and empty texts are nothing."""
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list):
        raise Unfit(f"{name}: its expression gave neither text nor a list of texts")
    _check_number(name, len(values))
    return tuple(text(name, each, MAX_GROUP_LENGTH) for each in values if each != "")


def _check_number(name: str, number: int) -> None:
    if number > MAX_GROUPS:
        raise Unfit(f"{name} are more than {MAX_GROUPS}")


def _claim(claims: Claims, name: str) -> str:
    if name not in claims:
        raise Unfit(f"{name} is missing, which the configuration names")
    return text(name, claims[name], MAX_SUBJECT_LENGTH)


def _must_hold(condition: Condition, variables: Claims, about: str) -> None:
    try:
        holds = condition.expression.holds(variables)
    except ExpressionFailed as error:
        raise Unfit(f"{about} can't be judged by a rule of the configuration: {error}") from None
    if not holds:
        # Of the configuration, where an expression may have several lines.
        why = short_line(condition.message or condition.expression.text)
        raise Unfit(f"{about} don't satisfy a rule of the configuration: {why}")


def _value(expression: Expression, variables: Claims, name: str) -> object:
    try:
        return expression.value(variables)
    except ExpressionFailed as error:
        raise Unfit(f"{name} can't be read: {error}") from None


def _asks(mapping: ClaimMapping) -> bool:
    sources = (mapping.username, mapping.groups, mapping.uid)
    return (
        bool(mapping.extra)
        or any(isinstance(source, Expression) for source in sources)
        or any(isinstance(rule, Condition) for rule in mapping.claim_rules)
    )


def _plain(value: object) -> object:
    """Claims as CEL sees them in Kubernetes: every number is a double."""
    match value:
        case bool():
            return value
        case int():
            return float(value)
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case tuple():
            return [_plain(each) for each in value]
    return value
