"""While nothing changes nothing is done."""

import time

import pytest

from jwt_to_rbac.core.times import rfc3339
from tests.e2e.unattended.keeping import ADMIN, Kept
from tests.support.cluster import get
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet

RENEWALS = 3
"""Of the Lease, one a second: what a leader does in any case."""


def test_while_nothing_changes_nothing_is_written(kept: Kept) -> None:
    account = kept.log_in("admins", "developers", "bakers")
    before = get(kept.sandbox, "accessgrant", account)["metadata"]["resourceVersion"]
    # Another account is damaged and mended: a look that comes after the one at this account.
    other = kept.log_in("admins")
    kept.delete_a_binding(other)
    assert eventually(lambda: kept.roles(other) == {ADMIN})
    assert get(kept.sandbox, "accessgrant", account)["metadata"]["resourceVersion"] == before
    repairs = [one for one in kept.client.audited() if one["event"] == "repair"]
    assert [one["account"] for one in repairs if one["account"] in (account, other)] == [other]


def test_a_leader_rests_beside_somebody_whose_access_has_ended(kept: Kept) -> None:
    account = kept.log_in("admins")
    kept.change(account, expiresAt=rfc3339(time.time() - 3600))
    assert eventually(lambda: not kept.roles(account))
    assert eventually(lambda: kept.ready(account) == "AccessExpired")
    first, began = seen(kept), time.monotonic()
    assert eventually(lambda: seen(kept)["renewals"] >= first["renewals"] + RENEWALS)
    busy = (seen(kept)["cpu"] - first["cpu"]) / (time.monotonic() - began)
    assert busy < 0.5, f"{busy:.0%} of a core, though there is nothing to do"


def seen(kept: Kept) -> dict[str, float]:
    """How often the Lease was renewed, and the seconds of CPU that were used, both since the start."""
    lines = kept.client.call("GET", "/metrics").text.splitlines()
    told = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    series = {name: float(value) for name, _, value in told}
    which = '{resource="leases",status="200",verb="patch"}'
    return {
        "renewals": series[f"jwt_to_rbac_kube_request_duration_seconds_count{which}"],
        "cpu": series["process_cpu_seconds_total"],
    }
