"""What the configuration says about an issuer's claims. Values only; reading claims is for `oidc`.

The meaning is that of Kubernetes' AuthenticationConfiguration (apiserver.config.k8s.io/v1).
"""

from dataclasses import dataclass

from jwt_to_rbac.core.expression import Expression


@dataclass(frozen=True, slots=True)
class Claim:
    """The value of one claim, with `prefix` put before it (before each, where it is a list)."""

    name: str
    prefix: str = ""


GROUPS = Claim("groups")


@dataclass(frozen=True, slots=True)
class RequiredClaim:
    """A claim that must be there and be this text."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of claims or user, and what to say where it doesn't."""

    expression: Expression
    message: str = ""


@dataclass(frozen=True, slots=True)
class ClaimMapping:
    """Which claims say who somebody is, and what must hold of them.

    Expressions see `claims`; those of `user_rules` see `user.username`, `.uid`, `.groups` and
    `.extra`. `username` None is the most readable name that there is: a verified e-mail
    address, else `preferred_username`, else `sub`. `groups` None is no groups. `uid` and
    `extra` are for the rules, and for who is a user of Kubernetes' own: a person is known by
    `iss` and `sub`.
    """

    username: Claim | Expression | None = None
    groups: Claim | Expression | None = GROUPS
    uid: Claim | Expression | None = None
    extra: tuple[tuple[str, Expression], ...] = ()
    claim_rules: tuple[RequiredClaim | Condition, ...] = ()
    user_rules: tuple[Condition, ...] = ()
