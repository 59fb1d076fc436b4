"""What the configuration says about an issuer's claims. Values only; reading claims is for `oidc`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """The value of one claim, with `prefix` put before it (before each, where it is a list)."""

    name: str
    prefix: str = ""


GROUPS = Claim("groups")


@dataclass(frozen=True, slots=True)
class ClaimMapping:
    """Which claims say who somebody is.

    `username` None is the most readable name that there is: a verified e-mail address, else
    `preferred_username`, else `sub`. `groups` None is no groups.
    """

    username: Claim | None = None
    groups: Claim | None = GROUPS
