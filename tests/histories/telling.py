"""A history that broke something, told in the order of the cluster's versions, for whoever has to find out why."""

from collections.abc import Iterator, Sequence

from tests.support.oracle.invariants import History
from tests.support.oracle.ledger import FOREVER, Ledger
from tests.support.oracle.revision import Revision


def told(history: History, ledger: Ledger, began: float) -> list[str]:
    """A line for each revision, and for each thing that the ledger knows; seconds are since `began`."""
    first = history.revisions[0].version if history.revisions else 0
    lines = [
        *((one.version, _of_revision(one, began)) for one in history.revisions),
        *_of_ledger(ledger, first),
    ]
    causes = [
        f"{one.account or 'anybody'}: may be too much from {one.since - began:.2f} s, begun by "
        f"{one.begun_by - began:.2f} s, gone by {one.until - began:.2f} s"
        for one in ledger.disturbed
        if one.until >= began
    ]
    ordered = sorted(lines, key=lambda one: one[0])
    return [*(f"{version:>7}  {line}" for version, line in ordered), *causes]


def _of_revision(one: Revision, began: float) -> str:
    state = "is gone" if one.gone else "ends" if one.ending else "is there"
    owner = f", of {one.owner.uid[:8]}" if one.owner else ""
    gives = f", gives {one.grant} to {[to.name for to in one.subjects]}" if one.grant else ""
    what = "/".join(filter(None, one.key))
    return f"{one.at - began:6.2f} s  {what} ({one.uid[:8]}{owner}) {state}{gives}"


def _of_ledger(ledger: Ledger, first: int) -> Iterator[tuple[int, str]]:
    for shown in ledger.shown:
        groups = sorted(shown.groups)
        yield shown.since, f"{shown.account}: a token of {shown.issued_at} is shown, {groups}"
    for kind, ends in (("are revoked", ledger.revoked), ("give nothing", ledger.superseded)):
        for one in ends:
            yield one.since, f"{one.account}: tokens until {one.issued_until} {kind}"
    for barred in ledger.barred:
        yield barred.since, f"{barred.account} is barred"
        yield barred.until, f"{barred.account} is barred no more"
    for policy in ledger.policies:
        if policy.until < first:
            continue
        yield policy.since, f"a policy gives {_sorted(policy.grants)}"
        if policy.until != FOREVER:
            yield policy.until, f"no more is given {_sorted(policy.grants)}"


def _sorted(grants: object) -> Sequence[str]:
    assert isinstance(grants, dict)
    return [f"{group}: {sorted(given)}" for group, given in sorted(grants.items())]
