"""How a person stands, in a few words: what a tag says, and what is to be read beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from jwt_to_rbac.core.conditions import FOREIGN_BINDINGS, READY, RULES_EVALUATED, Condition
from jwt_to_rbac.core.drift import Drift
from jwt_to_rbac.core.errors import Code
from jwt_to_rbac.core.plan import Grant
from jwt_to_rbac.usecases.find_people import PersonFound, is_ready

_REFUSED = {
    Code.SUSPENDED: "Suspended",
    Code.ACCESS_EXPIRED: "Ended",
    Code.ACCESS_LAPSED: "Lapsed",
    Code.TOKEN_REVOKED: "Revoked",
}

CONDITIONS = {
    READY: "In place",
    RULES_EVALUATED: "Rules evaluated",
    FOREIGN_BINDINGS: "Bindings by others",
}
"""What the conditions of an AccessGrant are called here."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A word or two; `kind` is the tag's class: "" for well, `idle`, or `danger`."""

    word: str
    kind: str = ""


def standing(found: PersonFound) -> Standing:
    """The gravest first, and what somebody decided before what went wrong."""
    if found.refused is not None:
        return Standing(_REFUSED.get(found.refused.code, "Refused"), "idle")
    if found.drift:
        return Standing("Drift", "danger")
    if is_ready(found.account):
        return Standing("Ready")
    if not found.account.conditions:
        return Standing("Not told yet", "idle")
    return Standing("Not ready", "danger")


def is_well(condition: Condition) -> bool:
    return (condition.status == "True") == (condition.type in (READY, RULES_EVALUATED))


def drift_in_words(drift: Drift) -> Sequence[str]:
    """One sentence for each thing that isn't as the policy says."""
    return (
        *(
            f"The policy gives {_grant(grant)}, and no binding does: it is missing."
            for grant in drift.missing
        ),
        *(
            f"The binding {held.name}, which gives {_grant(held.grant)}, was altered by somebody."
            for held in drift.altered
        ),
        *(
            f"The binding {held.name} still gives {_grant(held.grant)}, which no rule does now."
            for held in drift.surplus
        ),
        *(
            f"The {one.partition('/')[0]} {one.partition('/')[2]} binds the account beside the "
            "policy; it was made by others, and is theirs to keep or delete."
            for one in drift.foreign
        ),
        *(("The ServiceAccount is missing, so no token of it works.",) if drift.unbacked else ()),
    )


def _grant(grant: Grant) -> str:
    return f"{grant.cluster_role} on {grant.namespace or 'the whole cluster'}"
